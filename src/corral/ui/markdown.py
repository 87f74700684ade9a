"""Markdown to HTML that is safe by construction: raw HTML is shown as text, no image is loaded. Pure."""

from __future__ import annotations

import itertools
import re

from markdown_it import MarkdownIt

_LINE_END = re.compile(r"\r\n?|\n")  # what CommonMark calls one


def _parser() -> MarkdownIt:
    options = {"html": False, "breaks": True}
    # An image would make the reader's browser call an address that the model chose.
    return MarkdownIt("commonmark", options).enable(["table", "strikethrough"]).disable("image")


_whole = _parser()
_only_blocks = _parser().disable(["inline", "text_join"])


def to_html(text: str) -> str:
    """Return the HTML of `text`: only tags that Markdown itself makes, and only harmless links."""
    html: str = _whole.render(text)
    return html


def blocks(text: str) -> list[str]:
    """Cut `text` where its paragraphs, lists, code blocks ... begin. Joined they are `text`; never empty."""
    line_starts = [0, *(found.end() for found in _LINE_END.finditer(text))]
    tokens = _only_blocks.parse(text)
    begins = [token.map[0] for token in tokens if token.level == 0 and token.nesting >= 0 and token.map]
    cuts = [0, *(line_starts[line] for line in begins[1:]), len(text)]
    return [text[start:end] for start, end in itertools.pairwise(cuts)]
