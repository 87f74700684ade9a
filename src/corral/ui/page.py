"""The chat in one browser tab."""

from __future__ import annotations

import asyncio
import datetime as dt
import time

from nicegui import ui

from corral.api.auth import Keys
from corral.api.generation.request import Ask
from corral.api.serving import Serving
from corral.api.servings import Servings
from corral.catalog.one_model import is_bundled
from corral.core.errors import CorralError, NotFoundError
from corral.core.model_view import ModelEvent
from corral.core.outcome import SequenceOutput
from corral.ui import character_words, model_words, words
from corral.ui.asking import ask_for
from corral.ui.bars import Composer, Header, Notice
from corral.ui.cast import Cast
from corral.ui.chat import Chat, Exchange
from corral.ui.drawer import Drawer
from corral.ui.exchange_view import ExchangeView
from corral.ui.feeling import feeling_of
from corral.ui.introduction import Introduction
from corral.ui.opening import opening_of
from corral.ui.opening_view import OpeningView
from corral.ui.roster import Roster
from corral.ui.selection import Selection
from corral.ui.watch import Watch

MIN_PAUSE_S = 0.05  # between two paints: the eye does not need more
PAUSE_PER_PAINT = 9  # times what a paint took: at most a tenth of the time goes into painting


class Page:
    """Owns the tab's chat and the one answer that may be in the making."""

    def __init__(self, servings: Servings, admins: Keys, *, caller: str = "", is_admin: bool = False) -> None:
        self._servings = servings
        self._caller = caller
        self._chat = Chat()
        self._answering: asyncio.Task[None] | None = None
        self._opening: OpeningView | None = None
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
            with self._selection.beside:
                self._cast = Cast(servings, self._recast)
            with ui.element("div").classes("reading"):
                self._column = ui.element("div").classes("exchanges").props("role=log")
            self._composer = Composer(on_enter=self._send, on_press=self._press)
        self._offer(self._selection.introduction())
        self._greet()
        Watch(servings.models, self._hear)
        ui.context.client.on_disconnect(self._stop)

    @property
    def _is_busy(self) -> bool:
        """Whether an answer is being made, or its emotion told."""
        return self._answering is not None and not self._answering.done()

    def _offer(self, model: Introduction) -> None:
        persona = self._cast.persona
        liked = persona.sampling.temperature if persona is not None else None
        usual = model.settings.generation.sampling.temperature
        self._drawer.offer(temperature=usual if liked is None else liked)

    def _recast(self) -> None:
        """Begin a chat with another character, or with none."""
        self._offer(self._selection.introduction())
        self._start_anew()

    def _greet(self) -> None:
        opening = self._chat.opening = opening_of(self._cast.persona, dt.datetime.now().astimezone())
        with self._column:
            if self._servings.models.is_single and is_bundled(self._servings.settings):
                Notice()
            self._opening = None if opening is None else OpeningView(opening)

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
        if self._is_busy or not text.strip():
            return
        name = self._selection.settle()
        self._cast.hold()
        if self._opening is not None:
            self._opening.settle()
        model = self._selection.introduction().name
        exchange = self._chat.ask(text.strip(), model, self._speaker(model))
        with self._column:
            view = ExchangeView(exchange)
        self._composer.clear()
        self._composer.show(is_busy=True)
        self._answering = asyncio.create_task(self._answer(name, exchange, view))

    def _speaker(self, model: str) -> str:
        """Return what stands over an answer; a lone model need not be told from others."""
        if self._cast.persona is not None:
            return self._cast.persona.called
        return "" if self._servings.models.is_single else model

    def _press(self, text: str) -> None:
        if self._is_busy:
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
        models, wishes = self._servings.models, self._drawer.wishes()
        if trouble := self._selection.introduction().trouble:
            exchange.fail(trouble)
            return
        messages = self._chat.messages(wishes.system)
        try:
            persona = await self._cast.settle()
        except NotFoundError:
            exchange.fail(character_words.gone(exchange.speaker))
            return
        exchange.wait(model_words.waiting(exchange.model, models.view(name)))
        async with models.opened(name) as door:
            exchange.wait("")
            serving = self._servings.of(name, door)
            if persona is not None:
                serving = serving.speaking_as(persona)
            await self._hear_out(exchange, await ask_for(messages, wishes, serving, self._caller), serving)

    async def _hear_out(self, exchange: Exchange, ask: Ask, serving: Serving) -> None:
        outputs = []
        async with serving.door.generate(ask.request) as generation:
            async for item in generation:
                if isinstance(item, SequenceOutput):
                    outputs.append(item)
                    exchange.hear(item)
        if serving.persona is not None:
            exchange.emotion = await feeling_of(
                serving.persona, exchange.question, ask, outputs, serving=serving
            )


async def _paint(view: ExchangeView) -> None:
    """Show what there is, again and again, but not for every token."""
    while True:
        before_s = time.perf_counter()
        view.show()
        took_s = time.perf_counter() - before_s
        await asyncio.sleep(max(MIN_PAUSE_S, PAUSE_PER_PAINT * took_s))
