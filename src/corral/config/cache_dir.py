"""Where downloaded models are kept when nobody says."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path


def default_cache_dir(environ: Mapping[str, str], platform: str = sys.platform) -> str:
    """Return llama.cpp's cache directory, so that both find each other's downloads."""
    home = Path(environ.get("HOME") or "~")
    if platform == "win32":
        return str(Path(environ.get("LOCALAPPDATA") or home) / "llama.cpp")
    if platform == "darwin":
        return str(home / "Library" / "Caches" / "llama.cpp")
    return str(Path(environ.get("XDG_CACHE_HOME") or home / ".cache") / "llama.cpp")
