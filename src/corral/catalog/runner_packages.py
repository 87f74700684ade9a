"""Which packages the runners of models need, and how those that are missing are installed."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Mapping, Sequence
from importlib import metadata

import msgspec

# The one version of PyTorch that runners are made for; what else they need stands in Corral's extras.
TORCH = "torch==2.13.0"
_WITH_TORCH = ("exllama", "transformers")
_REQUIREMENT = re.compile(
    r"(?P<requirement>(?P<name>[\w.-]+)[^;]*?)\s*;.*extra\s*==\s*['\"](?P<extra>[\w.-]+)['\"]"
)


class Packages(msgspec.Struct, frozen=True):
    """What this environment has: the requirements of each extra of Corral, and the packages by name."""

    extras: Mapping[str, tuple[str, ...]]
    installed: frozenset[str]


def packages() -> Packages:
    """Return what there is now."""
    extras: dict[str, tuple[str, ...]] = {}
    for text in metadata.requires("corral") or ():
        found = _REQUIREMENT.match(text)
        if found:
            extras[found["extra"]] = (*extras.get(found["extra"], ()), found["requirement"])
    names = (found.metadata["Name"] for found in metadata.distributions())
    return Packages(extras, frozenset(_normal(name) for name in names if name))


def has_runner(runner: str, packages: Packages) -> bool:
    """Return whether this Corral can run such models once their packages are there."""
    return runner == "llama" or runner in packages.extras


def missing(runner: str, packages: Packages) -> tuple[str, ...]:
    """Return the requirements of a runner that are not met by any version, PyTorch first."""
    wanted = [TORCH] * (runner in _WITH_TORCH) + list(packages.extras.get(runner, ()))
    return tuple(requirement for requirement in wanted if name_of(requirement) not in packages.installed)


def problem(runner: str, packages: Packages) -> str | None:
    """Return what to do before a model of this runner can be loaded, None for nothing."""
    if not has_runner(runner, packages):
        return f"it is declared for the runner '{runner}', which this Corral does not have"
    lacking = missing(runner, packages)
    if not lacking:
        return None
    command = shlex.join(pip(lacking))
    names = ", ".join(map(name_of, lacking))
    return f"it needs {names}: install with `{command}`, or start with --install-pkgs"


def pip(requirements: Sequence[str]) -> list[str]:
    """Return the words of the command that installs into the environment that runs."""
    return [sys.executable, "-m", "pip", "install", *requirements]


def name_of(requirement: str) -> str:
    """Return the name of the package, as it is compared."""
    found = re.match(r"[\w.-]+", requirement)
    return _normal(found[0] if found else requirement)


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
