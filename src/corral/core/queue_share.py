"""Who may still wait in a queue that is full: gateway and engine bound theirs alike."""

from __future__ import annotations

from collections.abc import Mapping


def has_room(held: Mapping[str, int], caller: str, n_more: int, n_most: int) -> bool:
    """Whether `n_more` of `caller` may join a queue for `n_most`, of which callers have `held` some.

    One that has less than an even part is let in even where others have filled it: a flood closes the queue
    for who floods, not for everybody. So it never holds more than twice as much.
    """
    if sum(held.values()) + n_more <= n_most:
        return True
    n_callers = len({*held, caller})
    return n_callers > 1 and held.get(caller, 0) + n_more <= n_most // n_callers
