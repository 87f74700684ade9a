"""How soon a model answers again after its engine was killed in the middle of a stream."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from typing import NamedTuple

from soak_client import Client

_LONG = 400  # tokens
_ENDLESS = 100_000  # more than are made before the kill, however small the model


class Recovery(NamedTuple):
    """Times from the kill on, in seconds; `load_s` is how long the engine's own load took before it."""

    model: str
    load_s: float
    told_s: float
    answered_s: float


def recovered(client: Client, model: str, other: str, note: Callable[[str], None]) -> Recovery:
    """Kill the engine of `model` while it and `other` answer, and ask again at once."""
    view = client.load(model)
    with client.stream(other, "Nothing happens here.", _LONG) as others:
        next(others)
        began_s, last = _killed(client, model, view["pid"])
        told_s = time.perf_counter() - began_s
        if '"error"' not in last or "SIGKILL" not in last:
            note(f"the stream of the killed {model} ended with {last!r}")
        client.complete(model, "And now?", 1)
        answered_s = time.perf_counter() - began_s
        if any('"error"' in line for line in others):
            note(f"{other} saw an error when {model} was killed")
    return Recovery(model, view["load_s"], told_s, answered_s)


def _killed(client: Client, model: str, pid: int) -> tuple[float, str]:
    """Return when the engine was killed and the last line that its stream had then."""
    # Another prompt each time: a request that was there at two crashes is refused, and rightly.
    with client.stream(model, f"Once upon a time, {time.monotonic()}", _ENDLESS) as lines:
        last = next(lines)
        began_s = time.perf_counter()
        os.kill(pid, signal.SIGKILL)
        for line in lines:
            last = line if line != "data: [DONE]" else last
    return began_s, last
