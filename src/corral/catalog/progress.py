"""How a download tells how far it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import msgspec


class Arrival(msgspec.Struct, frozen=True):
    """How many bytes of a file are here, of how many; None: the server did not say.

    `is_waiting`: another download of the same file runs, and this one waits for it; the bytes are the
    other's.
    """

    file: str
    n_bytes: int
    n_total_bytes: int | None = None
    is_waiting: bool = False

    @property
    def fraction(self) -> float | None:
        """The part that is here, in [0, 1]; None if nobody knows."""
        if self.n_total_bytes is None:
            return None
        return min(self.n_bytes / self.n_total_bytes, 1.0) if self.n_total_bytes else 1.0


Progress: TypeAlias = Callable[[Arrival], None]
"""Is told from any thread, for each piece that arrives. What it raises ends the download."""


def silent(_arrival: Arrival) -> None:
    """Tell nobody."""


class Tally:
    """A `Progress` that adds up the files of one model. May be read from any thread."""

    def __init__(self) -> None:
        self._files: dict[str, Arrival] = {}

    def __call__(self, arrival: Arrival) -> None:
        """Note how far a file is."""
        self._files = {**self._files, arrival.file: arrival}

    @property
    def n_bytes(self) -> int:
        """The bytes that are here."""
        return sum(one.n_bytes for one in self._files.values())

    @property
    def n_total_bytes(self) -> int | None:
        """The bytes of all files that were told of; None if that of one is unknown."""
        sizes = [one.n_total_bytes for one in self._files.values()]
        known = [size for size in sizes if size is not None]
        return sum(known) if known and len(known) == len(sizes) else None

    @property
    def fraction(self) -> float | None:
        """The part of them that is here, in [0, 1]; None if nobody knows."""
        return Arrival("", self.n_bytes, self.n_total_bytes).fraction
