"""The dialog that shows which models are in memory, and lets administrators load and unload them."""

from __future__ import annotations

from nicegui import ui

from corral.api.auth import Keys
from corral.api.servings import Servings
from corral.core.model_view import ModelView
from corral.ui import model_words
from corral.ui.key_form import KeyForm, KeyWords
from corral.ui.model_row import IN_MEMORY, LOADABLE, ModelRow

# How often an open dialog looks at what is no change of state: requests, memory, the time that is left.
LOOK_S = 1.0
ADMIN_WORDS = KeyWords("", model_words.NEEDS_ADMIN_KEY, "Admin key", "Unlock")


class Roster:
    """Closed at first. `may_act`: the reader has shown one of the `admins`' keys already."""

    def __init__(self, servings: Servings, admins: Keys, *, may_act: bool) -> None:
        self._servings = servings
        self._may_act = may_act
        self._rows: dict[str, ModelRow] = {}
        with ui.dialog() as self._dialog, ui.element("div").classes("roster"):
            with ui.element("div").classes("roster-head"):
                ui.label("Models").classes("drawer-title")
                close = ui.button(icon="close", on_click=self._dialog.close, color=None)
                close.props("flat round dense title=Close aria-label=Close")
            self._nothing = ui.label(model_words.NOTHING_LOADED).classes("model-facts")
            self._list = ui.element("ul").classes("model-rows")
            if admins and not may_act:
                KeyForm(admins, self._unlock, ADMIN_WORDS)
            self._clock = ui.timer(LOOK_S, self.show, active=False)
        self._dialog.props["aria-label"] = "Models"
        self._dialog.on_value_change(self._turn)

    def open(self) -> None:
        """Show the dialog."""
        self._dialog.open()

    def show(self) -> None:
        """Bring an open dialog up to date."""
        if not self._dialog.value:
            return
        views = {view.name: view for view in self._servings.models.views() if self._is_shown(view)}
        for name in self._rows.keys() - views.keys():
            self._rows.pop(name).element.delete()
        for place, view in enumerate(views.values()):
            self._show_row(place, view)
        self._nothing.set_visibility(not views)

    def _show_row(self, place: int, view: ModelView) -> None:
        if view.name in self._rows:
            self._rows[view.name].show(view)
            return
        # What is loaded for another purpose, or is no longer declared, cannot be named.
        may_act = self._may_act and view in self._servings.declared()
        with self._list:
            row = self._rows[view.name] = ModelRow(self._servings.models, view, may_act=may_act)
        row.element.move(target_index=place)

    def _is_shown(self, view: ModelView) -> bool:
        """Those who may load one see it."""
        return view.state in IN_MEMORY or (self._may_act and view.state in LOADABLE)

    def _unlock(self, _key: str) -> None:
        self._may_act = True
        self._list.clear()
        self._rows.clear()
        self.show()

    def _turn(self) -> None:
        self._clock.active = self._dialog.value
        self.show()
