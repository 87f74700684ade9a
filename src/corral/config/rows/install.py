"""Options about packages that the declared models need."""

from __future__ import annotations

from corral.config.option import Option

INSTALL = Option(
    flags="--install-pkgs",
    fills=None,
    is_own=True,
    help="Install what the declared models need before the server starts, and show each command.",
)
FORCE_CUDA = Option(
    flags="--force-cuda",
    fills=None,
    is_own=True,
    help="With --install-pkgs: build llama.cpp for CUDA even if no GPU is found.",
)
SKIP_TORCH = Option(
    flags="--skip-torch-install",
    fills=None,
    is_own=True,
    help="With --install-pkgs: leave PyTorch as it is.",
)
SKIP_TENSORFLOW = Option(
    flags="--skip-tf-install",
    fills=None,
    is_own=True,
    help="With --install-pkgs: leave TensorFlow as it is.",
)

ROWS = (INSTALL, FORCE_CUDA, SKIP_TORCH, SKIP_TENSORFLOW)
