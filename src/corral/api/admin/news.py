"""Frames about models: every change of state, and a download that somebody asked for."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any, TypeAlias

from corral.api.admin.translate import to_event, to_model, to_present
from corral.api.ports import ModelsPort
from corral.api.sse import frame
from corral.core.model_view import ModelEvent, ModelState

_News: TypeAlias = "asyncio.Queue[ModelEvent | None]"


async def all_news(models: ModelsPort) -> AsyncIterator[bytes]:
    """Yield the present state of every model, then each change."""
    async with _followed(models) as news:
        for view in models.views():
            yield frame(to_present(view))
        while (event := await news.get()) is not None:
            yield frame(to_event(event))


async def pull_news(models: ModelsPort, source: str) -> AsyncIterator[bytes]:
    """Pull `source`; yield how far it is, told under the source's name, at last the model, which is here now.

    Raises CorralError when it cannot be had.
    """
    async with _followed(models) as news:
        pulling = asyncio.create_task(models.pull(source))
        try:
            async for event in _until(pulling, news):
                if event.model == source and event.state is ModelState.DOWNLOADING:
                    yield frame({"download": to_event(event)})
            yield frame({"model": to_model(await pulling)})
        finally:
            await _given_up(pulling)


@contextlib.asynccontextmanager
async def _followed(models: ModelsPort) -> AsyncIterator[_News]:
    """Give the changes from now on; None stands for their end."""
    # Of one place, so that a slow reader lags behind where lagging is bounded: at the gateway.
    news: _News = asyncio.Queue(1)

    async def pump() -> None:
        async for event in models.events():
            await news.put(event)
        await news.put(None)

    pumping = asyncio.create_task(pump())
    await asyncio.sleep(0)  # changes are told from the first step of the iteration on
    try:
        yield news
    finally:
        await _given_up(pumping)


async def _until(end: asyncio.Task[Any], news: _News) -> AsyncIterator[ModelEvent]:
    while not end.done() or not news.empty():
        getting = asyncio.create_task(news.get())
        try:
            await asyncio.wait({getting, end}, return_when=asyncio.FIRST_COMPLETED)
            event = getting.result() if getting.done() else None
        finally:
            await _given_up(getting)
        if event is None:
            return
        yield event


async def _given_up(task: asyncio.Task[Any]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
