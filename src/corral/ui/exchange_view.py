"""One question and its answer on the page."""

from __future__ import annotations

from nicegui import ui

from corral.ui.chat import Exchange
from corral.ui.markdown_view import MarkdownView


class ExchangeView:
    """Shows `exchange` as it is at each call of `show`."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        with ui.element("section").classes("exchange") as self._section:
            ui.label(exchange.question).classes("question")
            self._emotion: ui.label | None = None
            if exchange.speaker:
                with ui.element("div").classes("speaker"):
                    ui.label(exchange.speaker)
                    self._emotion = ui.label().classes("emotion").props("title=Emotion")
            self._answer = MarkdownView()
            with ui.element("div").classes("waiting") as self._waiting:
                ui.spinner("dots", size="2rem")
                self._why = ui.label().props("role=status")
            self._fault = ui.label().classes("fault").props("role=alert")
            self._note = ui.label().classes("note")
        self.show()

    def show(self) -> None:
        """Bring the browser up to date; what has not changed is not sent. Nothing once it is gone."""
        if self._section.is_deleted:
            return
        exchange = self._exchange
        self._answer.show(exchange.answer)
        self._waiting.set_visibility(not exchange.is_over and not exchange.answer)
        if self._emotion is not None:
            self._tell(self._emotion, exchange.emotion)
        self._tell(self._why, exchange.waiting)
        self._tell(self._fault, exchange.fault)
        self._tell(self._note, exchange.note)

    @staticmethod
    def _tell(label: ui.label, text: str) -> None:
        label.set_text(text)
        label.set_visibility(bool(text))
