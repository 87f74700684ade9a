"""The states of a worker and the legal moves between them."""

from __future__ import annotations

import enum


class State(enum.Enum):
    """Where a worker is in its life."""

    UNLOADED = "unloaded"  # no process yet
    STARTING = "starting"  # the process runs and loads the model
    READY = "ready"  # requests are welcome
    DRAINING = "draining"  # no more requests; those accepted may end, then the process does
    STOPPED = "stopped"  # unloaded for good, as asked
    CRASHED = "crashed"  # the process ended unasked; its requests have failed
    BACKOFF = "backoff"  # waits before the next start
    FAILED = "failed"  # the first load failed: final


#                   .------------------- BACKOFF <--- CRASHED
#                   v                                  ^
#    UNLOADED --> STARTING --> READY ------------------|   (a crash while starting is one too)
#                   |            |
#                   |            '--> DRAINING --> STOPPED  (unloading while starting, or in BACKOFF, as well)
#                   '--> FAILED
LEGAL_MOVES: dict[State, frozenset[State]] = {
    State.UNLOADED: frozenset({State.STARTING, State.STOPPED}),
    State.STARTING: frozenset({State.READY, State.CRASHED, State.FAILED, State.DRAINING}),
    State.READY: frozenset({State.DRAINING, State.CRASHED}),
    State.DRAINING: frozenset({State.STOPPED}),
    State.STOPPED: frozenset(),
    State.CRASHED: frozenset({State.BACKOFF}),
    State.BACKOFF: frozenset({State.STARTING, State.STOPPED}),
    State.FAILED: frozenset(),
}

FINAL = frozenset(state for state, moves in LEGAL_MOVES.items() if not moves)


def moved(before: State, after: State) -> State:
    """Return `after`; a move that the table does not have is a fault of ours."""
    assert after in LEGAL_MOVES[before], f"no move from {before.value} to {after.value}"
    return after
