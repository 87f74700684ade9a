"""The chat in one browser tab."""

from __future__ import annotations

import asyncio
import time

from nicegui import ui

from corral.api.serving import Serving
from corral.core.errors import CorralError
from corral.core.outcome import SequenceOutput
from corral.ui import words
from corral.ui.bars import Composer, Header, Notice
from corral.ui.chat import Chat, Exchange
from corral.ui.drawer import Drawer
from corral.ui.exchange_view import ExchangeView
from corral.ui.wishes import to_request

MIN_PAUSE_S = 0.05  # between two paints: the eye does not need more
PAUSE_PER_PAINT = 9  # times what a paint took: at most a tenth of the time goes into painting


class Page:
    """Owns the tab's chat and the one answer that may be in the making."""

    def __init__(self, serving: Serving, caller: str) -> None:
        self._serving = serving
        self._caller = caller
        self._chat = Chat()
        self._answering: asyncio.Task[None] | None = None
        self._drawer = Drawer(temperature=serving.settings.generation.sampling.temperature)
        with ui.element("main").classes("page"):
            Header(
                serving.model,
                serving.door.facts(),
                on_new=self._start_anew,
                on_settings=self._drawer.toggle,
            )
            with ui.element("div").classes("reading"):
                self._column = ui.element("div").classes("exchanges").props("role=log")
            self._composer = Composer(on_enter=self._send, on_press=self._press)
        self._greet()
        ui.context.client.on_disconnect(self._stop)

    def _greet(self) -> None:
        model = self._serving.settings.model
        if not (model.path or model.url or model.hf_repo):
            with self._column:
                Notice()

    def _start_anew(self) -> None:
        self._stop()
        self._chat = Chat()
        self._column.clear()
        self._greet()
        self._composer.focus()

    def _send(self, text: str) -> None:
        if self._chat.is_busy or not text.strip():
            return
        exchange = self._chat.ask(text.strip())
        with self._column:
            view = ExchangeView(exchange)
        self._composer.clear()
        self._composer.show(is_busy=True)
        self._answering = asyncio.create_task(self._answer(exchange, view))

    def _press(self, text: str) -> None:
        if self._chat.is_busy:
            self._stop()
        else:
            self._send(text)

    def _stop(self) -> None:
        if self._answering is not None:
            self._answering.cancel()

    async def _answer(self, exchange: Exchange, view: ExchangeView) -> None:
        painting = asyncio.create_task(_paint(view))
        try:
            await self._generate(exchange)
        except CorralError as error:
            exchange.fail(words.polite(error))
        except asyncio.CancelledError:
            exchange.stop()
        finally:
            painting.cancel()
            exchange.close()
            view.show()
            self._composer.show(is_busy=False)

    async def _generate(self, exchange: Exchange) -> None:
        """Hear the whole answer; being cancelled frees the engine at once. Raises CorralError."""
        wishes = self._drawer.wishes()
        messages = self._chat.messages(wishes.system)
        prompt = self._serving.chat_prompt(messages, is_answer_wanted=True, variables=None)
        request = to_request(prompt, wishes, self._serving.settings.generation, self._caller)
        async with self._serving.door.generate(request) as generation:
            async for item in generation:
                if isinstance(item, SequenceOutput):
                    exchange.hear(item)


async def _paint(view: ExchangeView) -> None:
    """Show what there is, again and again, but not for every token."""
    while True:
        before_s = time.perf_counter()
        view.show()
        took_s = time.perf_counter() - before_s
        await asyncio.sleep(max(MIN_PAUSE_S, PAUSE_PER_PAINT * took_s))
