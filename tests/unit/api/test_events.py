"""The generations of one body: all are taken on, or none counts."""

import asyncio

import pytest

from corral.api.generation.events import submitted
from corral.api.generation.request import Ask
from corral.core.caller import CallerTerms, Quota
from corral.core.errors import QueueFullError
from corral.core.request import GenerationRequest
from corral.gateway.callers import Callers
from corral.gateway.generation import Generation


class NarrowDoor:
    """Takes `n_most` requests, charges them, and has no place for the next."""

    def __init__(self, n_most):
        self.callers = Callers({"a": CallerTerms(quota=Quota(requests_per_minute=9, tokens_per_day=1000))})
        self.checked = []
        self.left = []
        self._n_free = n_most

    def generate(self, request, *, n_checked=1):
        self.checked.append(n_checked)
        return Generation(request, self._enter, self.left.append)

    async def _enter(self, generation):
        if not self._n_free:
            raise QueueFullError.expecting("full", 0.0)
        self._n_free -= 1
        generation.charge = self.callers.charge("a", generation.request.prompt)

    def counted(self):
        standing = self.callers.standing("a")
        return 9 - standing["requests"].n_left, 1000 - standing["tokens"].n_left


def asks(n):
    return [Ask("x", GenerationRequest(request_id=f"r{i}", prompt=[[1] * 10]), i) for i in range(n)]


async def enter(door, n):
    async with submitted(door, asks(n)):
        return door.counted()


@pytest.mark.parametrize(("n", "checked"), [(1, [1]), (3, [3, 0, 0])])
def test_the_first_asks_for_room_in_the_quota_for_all(n, checked):
    door = NarrowDoor(3)

    counted = asyncio.run(enter(door, n))

    assert door.checked == checked
    assert counted == (n, n * 10)


def test_where_one_is_refused_those_before_it_end_and_count_for_nothing():
    door = NarrowDoor(2)

    with pytest.raises(QueueFullError):
        asyncio.run(enter(door, 3))

    assert len(door.left) == 2
    assert door.counted() == (0, 0)
