"""The question for a key, where the server has keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from nicegui import ui

from corral.api.auth import Keys


class KeyWords(NamedTuple):
    """What a form says. `title` "": none."""

    title: str
    why: str
    label: str
    button: str


ENTRANCE = KeyWords("Corral", "This server asks for an API key.", "API key", "Open")


class KeyForm:
    """Asks for one of `keys` and makes way for what `enter` builds, given the key.

    Nothing of what it leads to exists before that, in the browser or here.
    """

    def __init__(self, keys: Keys, enter: Callable[[str], object], said: KeyWords = ENTRANCE) -> None:
        self._keys = keys
        self._enter = enter
        with ui.element("form").classes("door") as self._form:
            self._form.on("submit", self._try, js_handler="(e) => { e.preventDefault(); emit() }")
            if said.title:
                ui.label(said.title).classes("door-title")
            ui.label(said.why)
            self._key = ui.input(said.label, password=True).props("outlined autocomplete=off")
            self._key.props("autofocus" if said.title else "dense")
            ui.button(said.button).props("type=submit no-caps unelevated")

    def _try(self) -> None:
        key = (self._key.value or "").strip()
        if self._keys.caller(key) is None:
            self._key.value = ""
            self._key.props('error error-message="This key is not accepted."')
            return
        with self._form.client:
            self._enter(key)
        self._form.delete()
