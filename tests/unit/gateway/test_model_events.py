"""News of models, for whoever watches."""

import asyncio

from corral.core.model_view import ModelState
from corral.gateway.model_events import N_WAITING, ModelEvents


async def heard(n, tell):
    """Return the first `n` events that a reader hears of what `tell` tells."""
    events = ModelEvents()
    found = []

    async def read():
        async for event in events.follow():
            found.append(event)
            if len(found) == n:
                return

    reading = asyncio.create_task(read())
    await asyncio.sleep(0)
    tell(events)
    async with asyncio.timeout(5):
        await reading
    return found


def test_a_reader_hears_what_is_told_after_it_came():
    def tell(events):
        events.tell("a", ModelState.LOADING)
        events.tell("a", ModelState.READY)

    found = asyncio.run(heard(2, tell))

    assert [(event.model, event.state) for event in found] == [
        ("a", ModelState.LOADING),
        ("a", ModelState.READY),
    ]
    assert found[0].n < found[1].n


def test_progress_is_told_in_whole_percents_and_once():
    def tell(events):
        for thousandth in range(20):
            events.tell("a", ModelState.LOADING, progress=thousandth / 1000)

    found = asyncio.run(heard(3, tell))

    assert [event.progress for event in found] == [0.0, 0.01, 0.02]


def test_a_reader_that_is_too_slow_misses_the_oldest():
    def tell(events):
        for number in range(N_WAITING + 5):
            events.tell(f"m{number}", ModelState.READY)

    found = asyncio.run(heard(1, tell))

    assert found[0].model == "m5"


def test_a_reader_that_left_costs_nothing():
    async def act():
        events = ModelEvents()
        stream = events.follow()
        reading = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0)
        reading.cancel()
        await asyncio.wait([reading])
        await stream.aclose()
        return events._queues

    assert asyncio.run(act()) == set()


def test_who_comes_after_the_end_hears_the_end():
    async def read():
        events = ModelEvents()
        events.close()
        async with asyncio.timeout(5):
            return [event async for event in events.follow()]

    assert asyncio.run(read()) == []
