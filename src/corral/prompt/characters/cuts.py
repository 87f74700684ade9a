"""Where a history that is too long may be cut."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from corral.prompt.messages import Message

HUNK = 8
"""Messages that are dropped together, so that the prompt begins alike for several turns and is cached."""


def cuts(messages: Sequence[Message]) -> Iterator[int]:
    """Yield how many messages may be dropped, rising: hunks, then all but the newest. The first is 0.

    A cut leaves no answer of a function without its call.
    """
    last = last_cut(messages)
    shown = -1
    for cut in [*range(0, last, HUNK), last]:
        whole = next((i for i in range(cut, last) if messages[i].role != "tool"), last)
        if whole > shown:
            shown = whole
            yield whole


def last_cut(messages: Sequence[Message]) -> int:
    """Return how many messages come before the newest, or before the calls whose answers end the chat."""
    last = max(len(messages) - 1, 0)
    while last and messages[last].role == "tool":
        last -= 1
    return last
