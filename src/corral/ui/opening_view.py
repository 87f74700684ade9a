"""A character's greeting on the page, and the way to its others."""

from __future__ import annotations

from nicegui import ui

from corral.ui.markdown_view import MarkdownView
from corral.ui.opening import Opening


class OpeningView:
    """Shows `opening`, and lets the reader turn to another greeting until the chat goes on from this one."""

    def __init__(self, opening: Opening) -> None:
        self._opening = opening
        with ui.element("section").classes("exchange opening"):
            ui.label(opening.speaker).classes("speaker")
            self._text = ui.element("div")
            with ui.element("div").classes("turning") as self._turning:
                self._arrow("chevron_left", "Previous greeting", -1)
                self._place = ui.label().classes("turning-place").props("role=status")
                self._arrow("chevron_right", "Next greeting", 1)
        self._turning.set_visibility(len(opening.greetings) > 1)
        self._show()

    def settle(self) -> None:
        """The chat goes on: what was said was said."""
        self._turning.set_visibility(False)

    def _turn(self, n_steps: int) -> None:
        # A press may arrive after the arrows were hidden: what was answered must stay what was said.
        if self._turning.visible:
            self._opening.turn(n_steps)
            self._show()

    def _show(self) -> None:
        opening = self._opening
        self._place.set_text(f"{opening.place + 1} of {len(opening.greetings)}")
        self._text.clear()
        with self._text:
            MarkdownView().show(opening.text)

    def _arrow(self, icon: str, title: str, n_steps: int) -> None:
        button = ui.button(icon=icon, on_click=lambda: self._turn(n_steps), color=None)
        button.props(f'flat round dense size=sm title="{title}" aria-label="{title}"')
