"""Other people's work on the same machine: processes that keep a core, or the memory bus, busy."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from typing import NamedTuple

# Each says that it has begun. Two arrays of 64 MiB are larger than the caches that they are to miss.
_PROGRAMS = {
    "spin": "print(flush=True)\nwhile True:\n    pass",
    "memory": (
        "import numpy\n"
        "source, target = numpy.ones(2**23), numpy.zeros(2**23)\n"
        "print(flush=True)\n"
        "while True:\n"
        "    numpy.copyto(target, source)"
    ),
}


class Neighbours(NamedTuple):
    """`n` processes of one kind, at the priority of the servers; with n 0 there is nobody."""

    kind: str = "spin"
    n: int = 0

    @property
    def name(self) -> str:
        """How they are called in tables."""
        return f"{self.n} {'spinning' if self.kind == 'spin' else 'copying'}" if self.n else "alone"


def parse_neighbours(text: str) -> Neighbours:
    """Return the neighbours written as `KIND:N`, or `none`.

    Raises:
        ValueError: the kind is unknown, or the number is none.
    """
    if text == "none":
        return Neighbours()
    kind, _, number = text.partition(":")
    if kind not in _PROGRAMS or not number.isdecimal():
        raise ValueError(f"{text!r} is not 'none', or KIND:N with one of {', '.join(_PROGRAMS)}")
    return Neighbours(kind, int(number))


@contextlib.contextmanager
def present(neighbours: Neighbours) -> Iterator[None]:
    """Have them busy inside the block, and gone after it."""
    with contextlib.ExitStack() as stack:
        for _ in range(neighbours.n):
            stack.enter_context(_busy(_PROGRAMS[neighbours.kind]))
        yield


@contextlib.contextmanager
def _busy(program: str) -> Iterator[None]:
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        process.stdout.readline()
        yield
    finally:
        process.kill()
        process.communicate()
