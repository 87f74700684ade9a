"""An answer on the page while it grows."""

from __future__ import annotations

from nicegui import ui

from corral.ui import markdown

# More text can still turn a block into part of the one before it ("2" after a list becomes its "2. item"),
# but not of the one before that.
N_OPEN_BLOCKS = 2


class MarkdownView:
    """Shows a text that only ever grows at its end.

    Only its last blocks are rendered and sent again, so that a change costs the same in a long text.
    """

    def __init__(self) -> None:
        self._column = ui.element("div").classes("markdown")
        self._shown = ""
        self._n_closed = 0  # characters in blocks that will not change any more
        self._open: list[ui.html] = []

    def show(self, text: str) -> None:
        """Show `text`, which begins with what is shown."""
        if text == self._shown:
            return
        self._shown = text
        sources = markdown.blocks(text[self._n_closed :])
        for place, source in enumerate(sources):
            self._element(place).set_content(markdown.to_html(source))
        while len(sources) < len(self._open):
            self._open.pop().delete()
        n_done = max(0, len(sources) - N_OPEN_BLOCKS)
        self._n_closed += sum(len(source) for source in sources[:n_done])
        del self._open[:n_done]

    def _element(self, place: int) -> ui.html:
        if place == len(self._open):
            with self._column:
                # Harmless already; the browser's own sanitizer is a second wall.
                self._open.append(ui.html(sanitize=True))
        return self._open[place]
