"""One model in the list of those in memory, with buttons for administrators."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from nicegui import ui

from corral.api.admin.control import UNLOAD_WITHIN_S
from corral.api.ports import ModelsPort
from corral.core.errors import CorralError
from corral.core.model_view import ModelState, ModelView
from corral.ui import model_words, words

IN_MEMORY = frozenset(
    {
        ModelState.DOWNLOADING,
        ModelState.WAITING,
        ModelState.LOADING,
        ModelState.READY,
        ModelState.UNLOADING,
        ModelState.RESTARTING,
    }
)
LOADABLE = frozenset({ModelState.UNLOADED, ModelState.FAILED, ModelState.QUARANTINED})


class ModelRow:
    """Shows `view` as it is at each call of `show`; with `may_act` models are told what to do."""

    def __init__(self, models: ModelsPort, view: ModelView, *, may_act: bool) -> None:
        self._models = models
        self._name = view.name
        self._is_pinned = view.is_pinned
        with ui.element("li").classes("model-row") as self.element:
            with ui.element("div").classes("model-row-text"):
                ui.label(view.name).classes("model-row-name")
                self._facts = ui.label().classes("model-facts")
            with ui.element("div").classes("model-row-buttons"):
                self._buttons = self._make_buttons() if may_act else None
        self.show(view)

    def show(self, view: ModelView) -> None:
        """Bring the browser up to date."""
        is_here = view.state in IN_MEMORY
        self._facts.set_text(model_words.resident(view) if is_here else model_words.caption(view))
        if self._buttons is None:
            return
        load, unload, pin = self._buttons
        load.set_visibility(view.state in LOADABLE)
        unload.set_visibility(is_here and view.state is not ModelState.UNLOADING)
        pin.set_visibility(is_here)
        self._is_pinned = view.is_pinned
        pin.set_text("Unpin" if view.is_pinned else "Pin")

    def _make_buttons(self) -> tuple[ui.button, ui.button, ui.button]:
        models, name = self._models, self._name
        return (
            self._button("Load", lambda: models.load(name)),
            self._button("Unload", lambda: models.unload(name, within_s=UNLOAD_WITHIN_S)),
            self._button("Pin", lambda: models.pin(name, is_pinned=not self._is_pinned)),
        )

    def _button(self, text: str, act: Callable[[], Awaitable[ModelView]]) -> ui.button:
        async def press() -> None:
            try:
                view = await act()
            except CorralError as error:
                ui.notify(words.polite(error), type="negative", position="top", timeout=6000)
            else:
                self.show(view)

        button = ui.button(text, on_click=press, color=None).props("flat dense no-caps")
        button.props["title"] = f"{text} {self._name}"
        return button
