"""Requests whose beginning is on its way from the disk. Nobody else waits for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from corral.core.messages import AnyEvent
from corral.engine.intake import Prepared
from corral.engine.tiers.blob import Blob
from corral.engine.tiers.disk import Cancel
from corral.engine.tiers.tiers import Find, Tiers

Resume = Callable[[Prepared], list[AnyEvent]]
Post = Callable[[str, Callable[[], list[AnyEvent]]], None]
"""Has something done on the loop's thread, for the request or call of that id."""


@dataclass(slots=True, eq=False)
class _Reading:
    """File number `number` is read once for all who wait for it, in the order in which they came."""

    number: int
    waiting: dict[str, tuple[Prepared, Resume]] = field(default_factory=dict)
    cancel: Cancel = bool


class Arrivals:
    """Owned by the loop's thread; `post` brings back there what the thread of the disk has read."""

    def __init__(self, tiers: Tiers, post: Post) -> None:
        self._tiers = tiers
        self._post = post
        self._expecting: dict[str, _Reading] = {}
        self._readings: dict[int, _Reading] = {}  # by the numbers of the files

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
        wanted = prepared.request.is_cache_wanted and prepared.request.slot is None
        found = self._tiers.find(prepared.space, prepared.prompt[:-1], n_held) if wanted else None
        if found is None:
            return False
        reading = self._readings.get(found.number) or self._begin(found, prepared.request_id)
        reading.waiting[prepared.request_id] = prepared, resume
        self._expecting[prepared.request_id] = reading
        return True

    def take(self, request_id: str) -> Prepared:
        """Return a request that waits, and no longer does. What nobody waits for is not read."""
        reading = self._expecting.pop(request_id)
        prepared, _ = reading.waiting.pop(request_id)
        if not reading.waiting and reading.cancel():
            del self._readings[reading.number]
        return prepared

    def _begin(self, found: Find, request_id: str) -> _Reading:
        reading = self._readings[found.number] = _Reading(found.number)

        def then(blob: Blob | None) -> None:
            self._post(request_id, lambda: self._arrived(reading, blob))

        reading.cancel = self._tiers.read(found, then)
        return reading

    def _arrived(self, reading: _Reading, blob: Blob | None) -> list[AnyEvent]:
        """Take what was read. Who waits goes on in a deed of its own: a fault in one is not another's."""
        del self._readings[reading.number]
        self._tiers.arrived(blob)
        for request_id in reading.waiting:
            self._post(request_id, partial(self._resume, request_id, reading))
        return []

    def _resume(self, request_id: str, reading: _Reading) -> list[AnyEvent]:
        if self._expecting.get(request_id) is not reading:  # it was taken back meanwhile
            return []
        _, resume = reading.waiting[request_id]
        return resume(self.take(request_id))
