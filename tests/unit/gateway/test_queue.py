"""Who finds room in the queue of a model: the door over a worker whose engine never answers."""

import asyncio
import contextlib
import itertools

import msgspec
import pytest

from corral.core.clock import MonotonicClock
from corral.core.engine_settings import EngineSettings
from corral.core.errors import QueueFullError
from corral.core.messages import Load, ModelFacts, Ready
from corral.gateway.door import Door
from corral.gateway.worker import Worker

N_MOST = 4  # a slot, and three that wait


class Owner:
    """Does what the supervisor would."""

    def engine_ready(self, worker, facts):
        worker.ready(facts)

    def engine_busy(self, worker, *, is_busy):
        pass


class MuteChannel:
    """A process that takes everything and says nothing."""

    pid = 1

    def send(self, command):
        pass


class Spare:
    """Has such a process."""

    async def open(self, _load, _listener):
        return MuteChannel()


async def loaded():
    worker = Worker("model", Load("fake", "fake:", EngineSettings()), Owner(), MonotonicClock())
    await worker.start(Spare())
    worker.process.heard([Ready(ModelFacts(n_slots=1))])
    return worker


@contextlib.asynccontextmanager
async def flood(ask, n):
    """Ask so often at once; give how many were refused as there was no room."""
    asking = [asyncio.create_task(ask()) for _ in range(n)]
    await asyncio.sleep(0)
    try:
        errors = [one.exception() for one in asking if one.done()]
        assert all(isinstance(error, QueueFullError) for error in errors)
        yield len(errors)
    finally:
        for one in asking:
            one.cancel()
        await asyncio.gather(*asking, return_exceptions=True)


class Asker:
    """Asks in the three ways that wait in the queue."""

    def __init__(self, door, words):
        self._door = door
        self._words = words
        self._numbers = itertools.count()

    async def embed(self, caller):
        await self._door.embed([["a"]], caller=caller)

    async def rank(self, caller):
        await self._door.rank("q", ["d"], caller=caller)

    async def generate(self, caller):
        request = msgspec.structs.replace(self._words.request(f"r{next(self._numbers)}"), caller=caller)
        await self._door.generate(request).__aenter__()
        await asyncio.Event().wait()


@pytest.mark.parametrize("caller", ["", "a"])
@pytest.mark.parametrize("way", ["embed", "rank"])
def test_calls_of_a_caller_are_bounded_whether_it_has_a_name_or_not(words, way, caller):
    async def act():
        worker = await loaded()
        door = Door("model", lambda: worker, max_queue=N_MOST - 1)
        ask = getattr(Asker(door, words), way)
        async with flood(lambda: ask(caller), 10) as n_refused:
            return n_refused

    assert asyncio.run(act()) == 10 - N_MOST


@pytest.mark.parametrize("caller", ["", "a"])
@pytest.mark.parametrize("way", ["embed", "generate"])
def test_so_is_what_waits_for_a_restart(words, way, caller):
    async def act():
        worker = await loaded()
        worker.crashed("it fell")
        door = Door("model", lambda: worker, max_queue=N_MOST - 1)
        ask = getattr(Asker(door, words), way)
        async with flood(lambda: ask(caller), 10) as n_refused:
            return n_refused, door.metrics().n_deferred

    assert asyncio.run(act()) == (10 - N_MOST, N_MOST)


@pytest.mark.parametrize("is_crashed", [False, True])
def test_a_flood_of_calls_leaves_another_caller_its_part(words, is_crashed):
    async def act():
        worker = await loaded()
        if is_crashed:
            worker.crashed("it fell")
        door = Door("model", lambda: worker, max_queue=N_MOST - 1)
        asker = Asker(door, words)
        async with (
            flood(lambda: asker.embed("a"), 10),
            flood(lambda: asker.embed("b"), 10) as n_refused,
        ):
            return n_refused

    assert asyncio.run(act()) == 10 - N_MOST // 2


def test_who_left_has_nothing_parked_any_more(words):
    async def act():
        worker = await loaded()
        worker.crashed("it fell")
        door = Door("model", lambda: worker, max_queue=N_MOST - 1)
        asker = Asker(door, words)
        async with flood(lambda: asker.embed("a"), 10):
            pass
        async with flood(lambda: asker.embed("b"), 10) as n_refused:
            return n_refused

    assert asyncio.run(act()) == 10 - N_MOST
