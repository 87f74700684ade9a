"""The events of one body's generations, merged as they come."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from corral.api.generation.answer import Answer
from corral.api.generation.request import Ask
from corral.api.ports import DoorPort, GenerationPort
from corral.core.errors import CorralError, QueueFullError
from corral.core.outcome import PromptProgress, SequenceOutput, SequenceStart

Event = SequenceStart | PromptProgress | SequenceOutput
# What several generations give, and each reader's task when it has ended.
_Arrivals = asyncio.Queue["tuple[Ask, Event] | asyncio.Task[None]"]


@contextlib.asynccontextmanager
async def submitted(door: DoorPort, asks: list[Ask]) -> AsyncIterator[AsyncIterator[tuple[Ask, Event]]]:
    """Submit `asks` and give their events. Leaving cancels what still runs, also when one is refused."""
    async with contextlib.AsyncExitStack() as stack:
        if len(asks) == 1:
            yield _alone(asks[0], await stack.enter_async_context(door.generate(asks[0].request)))
        else:
            generations = await _all_entered(door, asks, stack)
            try:
                yield await stack.enter_async_context(_merged(asks, generations))
            except QueueFullError:  # the engine's own bound, which none of the door's knows of
                _withdraw(generations)
                raise


async def collect(door: DoorPort, asks: list[Ask]) -> list[Answer]:
    """Return all answers in order, complete."""
    answers = {(ask.request.request_id, i): Answer(ask, i) for ask in asks for i in range(ask.request.n)}
    async with submitted(door, asks) as events:
        async for _, event in events:
            answer = answers[event.request_id, event.index]
            if isinstance(event, SequenceOutput):
                answer.add(event)
            elif isinstance(event, SequenceStart):
                answer.start = event
    return list(answers.values())


async def _all_entered(
    door: DoorPort, asks: list[Ask], stack: contextlib.AsyncExitStack
) -> list[GenerationPort]:
    """Return the generations of all asks; where one is refused, those before it count for nothing."""
    entered: list[GenerationPort] = []
    try:
        for ask in asks:
            generation = door.generate(ask.request, n_checked=0 if entered else len(asks))
            entered.append(await stack.enter_async_context(generation))
    except CorralError:
        _withdraw(entered)
        raise
    return entered


def _withdraw(generations: list[GenerationPort]) -> None:
    for generation in generations:
        generation.withdraw()


async def _alone(ask: Ask, generation: GenerationPort) -> AsyncIterator[tuple[Ask, Event]]:
    async for event in generation:
        yield ask, event


@contextlib.asynccontextmanager
async def _merged(
    asks: list[Ask], generations: list[GenerationPort]
) -> AsyncIterator[AsyncIterator[tuple[Ask, Event]]]:
    """Give the events of several generations in the order they arrive; the first error ends them all."""
    arrived: _Arrivals = asyncio.Queue()
    readers = [
        asyncio.create_task(_read(ask, generation, arrived))
        for ask, generation in zip(asks, generations, strict=True)
    ]
    for reader in readers:
        reader.add_done_callback(arrived.put_nowait)
    try:
        yield _until_all_end(arrived, len(readers))
    finally:
        for reader in readers:
            reader.cancel()
        await asyncio.gather(*readers, return_exceptions=True)


async def _read(ask: Ask, generation: GenerationPort, arrived: _Arrivals) -> None:
    async for event in generation:
        arrived.put_nowait((ask, event))


async def _until_all_end(arrived: _Arrivals, n_open: int) -> AsyncIterator[tuple[Ask, Event]]:
    while n_open:
        item = await arrived.get()
        if isinstance(item, asyncio.Task):
            item.result()  # raises what ended the reader
            n_open -= 1
        else:
            yield item
