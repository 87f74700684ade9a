"""What stands around the chat: the header, the field to write in, the first words."""

from __future__ import annotations

from collections.abc import Callable

from nicegui import ui

from corral.ui import words

MAX_CHARACTERS = 200_000  # of a message: the page's socket takes a megabyte at once
# Enter sends, Shift+Enter makes a line; Enter that ends a composed character (Japanese, ...) does neither.
SEND_KEY = """(e) => {
    if (e.key !== "Enter" || e.shiftKey || e.isComposing) return;
    e.preventDefault();
    emit();
}"""


class Header:
    """The place of the `model`, and the buttons of the page. `on_models` None: there is only one."""

    def __init__(
        self,
        *,
        on_new: Callable[[], None],
        on_models: Callable[[], None] | None,
        on_settings: Callable[[], None],
    ) -> None:
        with ui.element("header").classes("bar"):
            self.model = ui.element("div").classes("model")
            _icon("edit_square", "New chat", on_new)
            if on_models is not None:
                _icon("memory", "Models", on_models)
            _icon("tune", "Settings of this chat", on_settings)
            _icon("api", "The API").props("href=docs target=_blank")


class Composer:
    """The field to write in, and the button that sends or stops.

    `on_enter` and `on_press` are called with the text for the key and the button.
    """

    def __init__(self, *, on_enter: Callable[[str], None], on_press: Callable[[str], None]) -> None:
        with ui.element("footer").classes("composer"):
            self._field = ui.textarea(placeholder="Write a message").classes("field")
            self._field.props(f"outlined autogrow autofocus rows=1 maxlength={MAX_CHARACTERS}")
            self._field.on("keydown", lambda: on_enter(self._field.value or ""), js_handler=SEND_KEY)
            with self._field.add_slot("append"):
                self._button = ui.button(on_click=lambda: on_press(self._field.value or ""))
        self.show(is_busy=False)

    def show(self, *, is_busy: bool) -> None:
        """Let the button stop or send."""
        icon, label = ("stop", "Stop") if is_busy else ("arrow_upward", "Send")
        self._button.props(f"round unelevated size=sm icon={icon} aria-label={label}")

    def clear(self) -> None:
        """Empty the field: its text was sent."""
        self._field.value = ""

    def focus(self) -> None:
        """Put the cursor into the field."""
        self._field.run_method("focus")


class Notice:
    """Says that the demonstration model is one."""

    def __init__(self) -> None:
        with ui.element("div").classes("notice"):
            ui.label(words.DEMONSTRATION)
            ui.label(words.DEMONSTRATION_COMMAND).classes("command")


def _icon(icon: str, title: str, on_click: Callable[[], None] | None = None) -> ui.button:
    return ui.button(icon=icon, on_click=on_click, color=None).props(
        f'flat round title="{title}" aria-label="{title}"'
    )
