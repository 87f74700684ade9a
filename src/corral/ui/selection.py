"""Which model answers a tab: the one that its reader picked and the browser keeps, else the default one."""

from __future__ import annotations

from collections.abc import Callable

from nicegui import ui

from corral.api.servings import Servings
from corral.core.model_view import ModelView
from corral.ui import model_words, words
from corral.ui.introduction import Introduction, introduce, trouble_of
from corral.ui.keepsake import Keepsake
from corral.ui.picker import Option, Picker, PickerWords

MODELS = PickerWords("Model", "There is no model yet.")


class Selection:
    """Shows the model in the header, where there are many with a list of them.

    `beside` is the place next to it. `on_change` is called with what is known of the model whenever it is
    another one.
    """

    def __init__(self, servings: Servings, on_change: Callable[[Introduction], None]) -> None:
        self._servings = servings
        self._on_change = on_change
        self._name: str | None = None
        self._has_picked = False
        self._client = ui.context.client
        self._keepsake = Keepsake("model", prefix=servings.settings.server.prefix)
        present = self.introduction()
        with ui.element("div").classes("choices") as self.beside:
            self._picker = None if servings.models.is_single else Picker(MODELS, self._options, self._pick)
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
        kept = await self._keepsake.recall()
        if self._has_picked or kept is None:
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
        self._keepsake.keep(name)
        self._change(name)

    def _forget(self, name: str) -> None:
        self._keepsake.forget()
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
