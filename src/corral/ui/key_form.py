"""The question for a key, where the server has keys."""

from __future__ import annotations

from collections.abc import Callable

from nicegui import ui

from corral.api.auth import Keys


class KeyForm:
    """Asks for a key and makes way for what `enter` builds, given the caller's name.

    Nothing of the chat exists before that, in the browser or here.
    """

    def __init__(self, keys: Keys, enter: Callable[[str], object]) -> None:
        self._keys = keys
        self._enter = enter
        with ui.element("form").classes("door") as self._form:
            self._form.on("submit", self._try, js_handler="(e) => { e.preventDefault(); emit() }")
            ui.label("Corral").classes("door-title")
            ui.label("This server asks for an API key.")
            self._key = ui.input("API key", password=True).props("outlined autofocus autocomplete=off")
            ui.button("Open").props("type=submit no-caps unelevated")

    def _try(self) -> None:
        caller = self._keys.caller((self._key.value or "").strip())
        if caller is None:
            self._key.value = ""
            self._key.props('error error-message="This key is not accepted."')
            return
        with self._form.client:
            self._enter(caller)
        self._form.delete()
