import asyncio

import pytest

from corral.core.errors import EngineCrashedError, QueueFullError
from corral.gateway.generation import Generation


class Gateway:
    """Takes requests and notes who leaves."""

    def __init__(self):
        self.entered = []
        self.left = []

    async def enter(self, generation):
        self.entered.append(generation)

    def leave(self, generation):
        self.left.append(generation)


@pytest.fixture
def gateway():
    return Gateway()


@pytest.fixture
def generation(gateway, words):
    return Generation(words.request(), gateway.enter, gateway.leave)


def test_nothing_is_submitted_before_it_is_entered(generation, gateway):
    assert gateway.entered == []

    asyncio.run(generation.__aenter__())

    assert gateway.entered == [generation]


def test_items_come_in_order_and_end_with_finish(generation, gateway, words):
    async def read():
        async with generation:
            generation.put(words.start())
            generation.put(words.output(text="a"))
            generation.put(words.output(text="b"))
            generation.finish()
            return [item async for item in generation]

    items = asyncio.run(read())

    assert items == [words.start(), words.output(text="a"), words.output(text="b")]
    assert gateway.left == []


def test_a_waiting_reader_is_woken(generation, words):
    async def read():
        async with generation:
            reading = asyncio.create_task(anext(generation))
            await asyncio.sleep(0)
            generation.put(words.start())
            start = await reading
            generation.finish()
            return start

    assert asyncio.run(read()) == words.start()


def test_a_reader_gets_what_came_before_the_failure_and_then_the_failure(generation, gateway, words):
    async def read():
        async with generation:
            generation.put(words.start())
            generation.fail(EngineCrashedError("gone"))
            assert await anext(generation) == words.start()
            with pytest.raises(EngineCrashedError):
                await anext(generation)

    asyncio.run(read())

    assert gateway.left == []


def test_leaving_before_the_end_is_told_once(generation, gateway, words):
    async def leave_early():
        async with generation:
            generation.put(words.start())
            await anext(generation)

    asyncio.run(leave_early())

    assert gateway.left == [generation]


def test_a_reader_that_is_cancelled_leaves(generation, gateway):
    async def read():
        async with generation:
            await anext(generation)

    async def cancel():
        reading = asyncio.create_task(read())
        await asyncio.sleep(0)
        reading.cancel()
        await asyncio.wait([reading])

    asyncio.run(cancel())

    assert gateway.left == [generation]


def test_what_comes_after_the_reader_has_left_is_dropped(generation, words):
    async def leave():
        async with generation:
            pass

    asyncio.run(leave())

    generation.put(words.output())
    generation.finish()

    assert generation.is_over


def test_a_request_ends_once(generation):
    generation.finish()

    with pytest.raises(AssertionError, match="ends once"):
        generation.finish()


def test_a_request_that_is_refused_never_begins(words, gateway):
    async def refuse(_):
        raise QueueFullError("full", retry_after_s=5)

    async def enter():
        async with Generation(words.request(), refuse, gateway.leave):
            pass

    with pytest.raises(QueueFullError):
        asyncio.run(enter())
    assert gateway.left == []
