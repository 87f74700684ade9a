"""The chat in one browser tab."""

from __future__ import annotations

import asyncio
import time

from nicegui import ui

from corral.api.auth import Keys
from corral.api.servings import Servings
from corral.catalog.one_model import is_bundled
from corral.core.errors import CorralError
from corral.core.model_view import ModelEvent
from corral.core.outcome import SequenceOutput
from corral.ui import model_words, words
from corral.ui.bars import Composer, Header, Notice
from corral.ui.chat import Chat, Exchange
from corral.ui.drawer import Drawer
from corral.ui.exchange_view import ExchangeView
from corral.ui.introduction import Introduction
from corral.ui.roster import Roster
from corral.ui.selection import Selection
from corral.ui.watch import Watch
from corral.ui.wishes import to_request

MIN_PAUSE_S = 0.05  # between two paints: the eye does not need more
PAUSE_PER_PAINT = 9  # times what a paint took: at most a tenth of the time goes into painting


class Page:
    """Owns the tab's chat and the one answer that may be in the making."""

    def __init__(self, servings: Servings, admins: Keys, *, caller: str = "", is_admin: bool = False) -> None:
        self._servings = servings
        self._caller = caller
        self._chat = Chat()
        self._answering: asyncio.Task[None] | None = None
        is_single = servings.models.is_single
        self._drawer = Drawer(temperature=servings.settings.generation.sampling.temperature)
        self._roster = None if is_single else Roster(servings, admins, may_act=is_admin)
        with ui.element("main").classes("page"):
            header = Header(
                on_new=self._start_anew,
                on_models=None if self._roster is None else self._roster.open,
                on_settings=self._drawer.toggle,
            )
            with header.model:
                self._selection = Selection(servings, self._offer)
            with ui.element("div").classes("reading"):
                self._column = ui.element("div").classes("exchanges").props("role=log")
            self._composer = Composer(on_enter=self._send, on_press=self._press)
        self._offer(self._selection.introduction())
        self._greet()
        Watch(servings.models, self._hear)
        ui.context.client.on_disconnect(self._stop)

    def _offer(self, model: Introduction) -> None:
        self._drawer.offer(temperature=model.settings.generation.sampling.temperature)

    def _greet(self) -> None:
        if self._servings.models.is_single and is_bundled(self._servings.settings):
            with self._column:
                Notice()

    def _hear(self, event: ModelEvent | None) -> None:
        """Show what has become of a model, None: of any."""
        self._selection.show()
        if self._roster is not None:
            self._roster.show()
        if event is not None and self._chat.is_busy and event.model == self._chat.exchanges[-1].model:
            self._chat.exchanges[-1].wait(model_words.waiting(event.model, event))

    def _start_anew(self) -> None:
        self._stop()
        self._chat = Chat()
        self._column.clear()
        self._greet()
        self._composer.focus()

    def _send(self, text: str) -> None:
        if self._chat.is_busy or not text.strip():
            return
        name = self._selection.settle()
        exchange = self._chat.ask(text.strip(), self._selection.introduction().name)
        with self._column:
            view = ExchangeView(exchange, is_model_named=not self._servings.models.is_single)
        self._composer.clear()
        self._composer.show(is_busy=True)
        self._answering = asyncio.create_task(self._answer(name, exchange, view))

    def _press(self, text: str) -> None:
        if self._chat.is_busy:
            self._stop()
        else:
            self._send(text)

    def _stop(self) -> None:
        if self._answering is not None:
            self._answering.cancel()

    async def _answer(self, name: str | None, exchange: Exchange, view: ExchangeView) -> None:
        painting = asyncio.create_task(_paint(view))
        try:
            await self._generate(name, exchange)
        except CorralError as error:
            exchange.fail(words.polite(error))
        except asyncio.CancelledError:
            exchange.stop()
        finally:
            painting.cancel()
            exchange.close()
            view.show()
            self._composer.show(is_busy=False)

    async def _generate(self, name: str | None, exchange: Exchange) -> None:
        """Hear the whole answer of the model; being cancelled frees it at once. Raises CorralError."""
        models = self._servings.models
        if trouble := self._selection.introduction().trouble:
            exchange.fail(trouble)
            return
        exchange.wait(model_words.waiting(exchange.model, models.view(name)))
        wishes = self._drawer.wishes()
        messages = self._chat.messages(wishes.system)
        async with models.opened(name) as door:
            exchange.wait("")
            serving = self._servings.of(name, door)
            prompt = serving.chat_prompt(messages, is_answer_wanted=True, variables=None)
            request = to_request(prompt, wishes, serving.settings.generation, self._caller)
            async with door.generate(request) as generation:
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
