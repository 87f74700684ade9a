"""The bytes of a file from its server, from where an earlier attempt stopped."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import httpx

from corral.core.errors import ModelLoadError

N_ATTEMPTS = 3
# With three attempts and the pauses between them, a dead host is given up after about 20 s.
TIMEOUT = httpx.Timeout(30.0, connect=4.0)
ASK_TIMEOUT = httpx.Timeout(5.0, connect=4.0)
# A compressed answer would break both the ranges and the lengths that resuming relies on.
HEADERS = {"Accept-Encoding": "identity"}


def keep_trying(
    attempt: Callable[[], None], n_here: Callable[[], int], pause: Callable[[float], None]
) -> None:
    """Call `attempt` until it succeeds, with a growing pause (seconds) after each that broke off.

    Raises:
        httpx.TransportError: three attempts in a row that `n_here`, the bytes on this machine, did not grow.
    """
    n_failed, n_before = 0, n_here()
    while True:
        try:
            attempt()
        except httpx.TransportError:
            n_now = n_here()
            n_failed, n_before = (n_failed + 1 if n_now <= n_before else 1), n_now
            if n_failed >= N_ATTEMPTS:
                raise
            pause(2.0 * n_failed)
        else:
            return


def append_rest(response: httpx.Response, partial: Path, n_here: int, tell: Callable[[int], None]) -> None:
    """Write what the open response brings into `partial`, which has `n_here` bytes of the file.

    `tell` gets the bytes that are here after each piece. An answer without a range begins the file anew.
    """
    is_rest = response.status_code == httpx.codes.PARTIAL_CONTENT
    n_here = n_here if is_rest else 0
    with partial.open("ab" if n_here else "wb") as file:
        # No chunk size: httpx would hold back what it has not filled, and lose it when the line breaks.
        for chunk in response.iter_bytes():
            file.write(chunk)
            file.flush()  # a process that is killed leaves all that came; who waits sees how much it is
            n_here += len(chunk)
            tell(n_here)
        os.fsync(file.fileno())  # before it gets its name: after a power cut, too, a name means a whole file


def check_sha256(file: Path, sha256: str, shown: str) -> None:
    """Refuse, and remove, a file that is not what was announced. `shown` says what it is."""
    with file.open("rb") as content:
        found = hashlib.file_digest(content, "sha256").hexdigest()
    if found != sha256:
        file.unlink()
        raise ModelLoadError(f"{shown} arrived damaged: its sha256 is {found}, not {sha256}; try again")


def size_of(file: Path) -> int:
    """Return its bytes, 0 if it is not there."""
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0
