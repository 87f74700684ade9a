"""Which model answers a tab: the one that its reader picked and the browser keeps, else the default one."""

from __future__ import annotations

import json
from collections.abc import Callable

from nicegui import ui

from corral.api.servings import Servings
from corral.core.model_view import ModelView
from corral.ui import model_words, words
from corral.ui.introduction import Introduction, introduce, trouble_of
from corral.ui.picker import Option, Picker

ANSWER_S = 10.0  # that a browser may take to tell what it kept
# A browser may refuse to keep anything; then the choice lasts as long as the tab.
_RECALL = "try {{ return localStorage.getItem({key}) }} catch {{ return null }}"
_KEEP = "try {{ localStorage.setItem({key}, {value}) }} catch {{}}"
_FORGET = "try {{ localStorage.removeItem({key}) }} catch {{}}"


class Selection:
    """Shows the model in the header, where there are many with a list of them.

    `on_change` is called with what is known of the model whenever it is another one.
    """

    def __init__(self, servings: Servings, on_change: Callable[[Introduction], None]) -> None:
        self._servings = servings
        self._on_change = on_change
        self._name: str | None = None
        self._has_picked = False
        self._client = ui.context.client
        self._key = json.dumps(f"corral{servings.settings.server.prefix}.model")
        present = self.introduction()
        self._picker = None if servings.models.is_single else Picker(self._options, self._pick)
        if self._picker is None:
            ui.label(words.short_name(present.name)).classes("model-name").tooltip(present.name)
        self._facts = ui.label().classes("model-facts").props("role=status")
        self.show()
        if self._picker is not None:
            ui.timer(0, self._recall, once=True)  # begins when the browser is connected

    def introduction(self) -> Introduction:
        """Return what is known of the model that would answer now."""
        return introduce(self._servings, self._name)

    def settle(self) -> str | None:
        """Return the model for the next answer, None: the default one. One that has vanished is forgotten."""
        if self._name is not None and self._view(self._name) is None:
            self._forget(self._name)
        return self._name

    def show(self) -> None:
        """Bring the browser up to date."""
        present = self.introduction()
        self._facts.set_text(present.about)
        if self._picker is not None:
            self._picker.show(present.name)

    async def _recall(self) -> None:
        """Take up what the browser kept, unless the reader was faster."""
        try:
            kept = await self._client.run_javascript(_RECALL.format(key=self._key), timeout=ANSWER_S)
        except TimeoutError:
            return
        if self._has_picked or not isinstance(kept, str):
            return
        view = self._view(kept)
        if view is None:
            self._forget(kept)
        elif trouble := self._trouble(view):
            self._say(model_words.not_now(kept, trouble))
        else:
            self._change(kept)

    def _pick(self, name: object) -> None:
        """Take what the browser says; it may say anything."""
        if not isinstance(name, str) or (view := self._view(name)) is None or self._trouble(view):
            self.show()
            return
        self._has_picked = True
        self._client.run_javascript(_KEEP.format(key=self._key, value=json.dumps(name)))
        self._change(name)

    def _forget(self, name: str) -> None:
        self._client.run_javascript(_FORGET.format(key=self._key))
        self._say(model_words.gone(name))
        self._change(None)

    def _change(self, name: str | None) -> None:
        self._name = name
        self.show()
        self._on_change(self.introduction())

    def _say(self, sentence: str) -> None:
        with self._client:
            ui.notify(sentence, position="top", timeout=6000)

    def _view(self, name: str) -> ModelView | None:
        return next((view for view in self._servings.declared() if view.name == name), None)

    def _trouble(self, view: ModelView) -> str:
        settings = self._servings.models.definition(view.name).settings
        return trouble_of(self._servings, view, settings)

    def _options(self) -> list[Option]:
        return [self._option(view) for view in self._servings.declared()]

    def _option(self, view: ModelView) -> Option:
        trouble = self._trouble(view)
        return {
            "value": view.name,
            "label": view.name,
            "caption": trouble or model_words.caption(view),
            "state": view.state.value,
            "trouble": trouble,
            "disable": bool(trouble),
        }
