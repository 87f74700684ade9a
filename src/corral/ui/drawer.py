"""The settings of the chat, out of the way until they are wanted."""

from __future__ import annotations

from nicegui import ui

from corral.ui.wishes import Wishes


class Drawer:
    """Fields for one chat. `temperature` is what the server would take."""

    def __init__(self, *, temperature: float) -> None:
        with ui.right_drawer(value=False, bordered=True).props("width=320 behavior=mobile") as self._drawer:
            self._drawer.classes("drawer")
            ui.label("This chat").classes("drawer-title")
            self._system = ui.textarea("System text").props("outlined autogrow")
            self._system.props('hint="Who the model is, and how it answers."')
            self._temperature = ui.number("Temperature", value=temperature, min=0, max=5, step=0.1)
            self._temperature.props('outlined hint="0 always takes the likeliest token."')
            self._offered = temperature
            self._max_tokens = ui.number("Longest answer, in tokens", min=1, step=1, precision=0)
            self._max_tokens.props('outlined clearable hint="Empty: as long as the model likes."')

    def offer(self, *, temperature: float) -> None:
        """Show what the server would take now, unless the reader has set something else."""
        if self._temperature.value == self._offered:
            self._temperature.value = temperature
        self._offered = temperature

    def toggle(self) -> None:
        """Open it, or close it."""
        self._drawer.toggle()

    def wishes(self) -> Wishes:
        """Return what is set now."""
        return Wishes(self._system.value or "", self._temperature.value, self._max_tokens.value)
