"""Requests whose beginning is on its way from the disk. Nobody else waits for it."""

from __future__ import annotations

from collections.abc import Callable

from corral.core.messages import AnyEvent
from corral.engine.intake import Prepared
from corral.engine.tiers.tiers import Arrival, Tiers

Resume = Callable[[Prepared], list[AnyEvent]]
Post = Callable[[str, Callable[[], list[AnyEvent]]], None]
"""Has something done on the loop's thread, for the request of that id."""


class Arrivals:
    """Owned by the loop's thread; `post` brings back there what the thread of the disk has read."""

    def __init__(self, tiers: Tiers, post: Post) -> None:
        self._tiers = tiers
        self._post = post
        self._expecting: dict[str, Prepared] = {}

    def __contains__(self, request_id: str) -> bool:
        return request_id in self._expecting

    @property
    def ids(self) -> list[str]:
        """Who waits."""
        return list(self._expecting)

    def expect(self, prepared: Prepared, n_held: int, resume: Resume) -> bool:
        """Have the beginning of a prompt read if a file holds more than `n_held` tokens of it.

        Then `resume` is called with the request on the loop's thread, unless it was taken back. False: it
        need not wait.
        """
        request_id = prepared.request_id

        def then(arrival: Arrival) -> None:
            self._post(request_id, lambda: self._arrived(request_id, arrival, resume))

        wanted = prepared.request.is_cache_wanted and prepared.request.slot is None
        if not wanted or not self._tiers.fetch(prepared.space, prepared.prompt[:-1], n_held, then):
            return False
        self._expecting[request_id] = prepared
        return True

    def take(self, request_id: str) -> Prepared:
        """Return a request that waits, and no longer does."""
        return self._expecting.pop(request_id)

    def _arrived(self, request_id: str, arrival: Arrival, resume: Resume) -> list[AnyEvent]:
        prepared = self._expecting.pop(request_id, None)
        self._tiers.arrived(arrival)
        return [] if prepared is None else resume(prepared)
