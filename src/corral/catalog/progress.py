"""How a download tells how far it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

Progress: TypeAlias = Callable[[str, float], None]
"""Takes the name of a file and the fraction of it that is here, in [0, 1]."""


def silent(_name: str, _fraction: float) -> None:
    """Tell nobody."""
