"""Which models are in memory: what must go for another to come. Pure; the supervisor acts on it."""

from __future__ import annotations

import enum

import msgspec

from corral.core.memory import Memory


class Verdict(enum.Enum):
    """What becomes of a wanted model now."""

    START = "start"  # there is room
    WAIT = "wait"  # there will be, once others have left
    REFUSE = "refuse"  # there will not be


class Resident(msgspec.Struct, frozen=True, kw_only=True):
    """A model that has a process. `is_leaving`: its process is about to end. `used_s`: last needed then."""

    name: str
    need: Memory
    is_busy: bool = False
    is_pinned: bool = False
    is_leaving: bool = False
    used_s: float = 0.0


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What all residents together may take. `max_workers` None: no bound on their number."""

    max_workers: int | None
    budget: Memory


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What to do for a wanted model that needs `need`.

    `evicted`: idle models to unload now, least recently used first. `closed`: busy ones that are in the way;
    to be unloaded when their requests have ended. `reason` is a sentence for WAIT and REFUSE.
    """

    verdict: Verdict
    need: Memory
    evicted: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()
    reason: str = ""
