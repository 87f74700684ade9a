"""Calls of tools in an answer, told apart from its text while it comes.

The text of a call never appears as content; what only looked like one does, once that is known.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

import msgspec

from corral.prompt.call_scanner import CallScanner
from corral.prompt.tags import TagFinder, n_begun
from corral.prompt.tool_formats import ARGUMENTS_MARK, Layout, ToolFormat

_BETWEEN = " \t\r\n[],;"  # what may stand around the objects of an array
_BLANKS = " \t\r\n"


class CallPart(msgspec.Struct, frozen=True):
    """A part of the call number `index`: its `name` once, at the beginning, then its arguments bit by bit."""

    index: int
    name: str | None
    arguments: str


class ToolCallSplit:
    """Parts a growing text into content and calls.

    Where a format has no mark, an answer that is a JSON object is a call if it names one of `names`. At most
    `n_max` calls are told. `is_begun`: the prompt ended with the mark.
    """

    def __init__(
        self, form: ToolFormat, names: Collection[str], *, n_max: int | None = None, is_begun: bool = False
    ) -> None:
        self.n_calls = 0
        self._form = form
        self._names = names
        self._n_max = n_max
        self._begin = TagFinder(form.begin) if form.begin else None
        self._between = _BLANKS if form.layout is Layout.NAME_FIRST else _BETWEEN
        self._in_calls = is_begun
        self._is_start = True
        self._held = ""
        self._doubtful = ""  # what stood before the present call; content if it is none
        self._scanner: CallScanner | None = None
        self._is_told = False  # whether the present call's name was told

    def feed(self, text: str) -> tuple[str, list[CallPart]]:
        """Return (content, parts of calls) that `text` settles."""
        contents: list[str] = []
        parts: list[CallPart] = []
        rest = self._held + text
        self._held = ""
        while rest:
            content, rest = self._calls(rest, parts) if self._in_calls else self._content(rest)
            contents.append(content)
        return "".join(contents), parts

    def flush(self) -> str:
        """Return the content that was held back: nothing comes any more. A broken call keeps what it has."""
        if not self._in_calls:
            return self._held + (self._begin.flush() if self._begin else "")
        rest = (self._scanner.text if self._scanner else "") + self._held
        return "" if self._is_told or self.n_calls else self._doubtful + rest

    def _content(self, text: str) -> tuple[str, str]:
        """Return (content, what is left to read)."""
        if self._begin is None:
            return self._unmarked(text)
        before, behind = self._begin.feed(text)
        if behind is None:
            return before, ""
        self._in_calls, self._doubtful = True, self._form.begin
        return before, behind

    def _unmarked(self, text: str) -> tuple[str, str]:
        """Decide by the first character whether the answer may be a call."""
        if not self._is_start:
            return text, ""
        seen = text.lstrip()
        if not seen:
            self._held = text
            return "", ""
        self._is_start = False
        self._in_calls = seen[0] in "{["
        return ("", text) if self._in_calls else (text, "")

    def _calls(self, text: str, parts: list[CallPart]) -> tuple[str, str]:
        """Return (content, what is left to read)."""
        if self._scanner is None:
            text = self._opened(text)
        scanner = self._scanner
        if scanner is None:
            return self._after(text) if text else ("", "")
        rest = scanner.feed(text)
        parts.extend(self._news(scanner))
        if not scanner.is_over:
            return "", ""
        if self._is_told and not scanner.has_arguments:
            parts.append(CallPart(self.n_calls, None, "{}"))
        return self._closed(scanner, rest)

    def _opened(self, text: str) -> str:
        """Begin a call where one begins; return what is left to read."""
        rest = text.lstrip(self._between)
        self._doubtful += text[: len(text) - len(rest)]
        if rest.startswith("{"):
            self._open(CallScanner())
        elif self._form.layout is Layout.NAME_FIRST and rest:
            return self._named(rest)
        return rest

    def _named(self, text: str) -> str:
        """Read `name[ARGS]`, maybe behind another mark; wait until it is whole."""
        begin = self._form.begin
        name, mark, arguments = text.removeprefix(begin).partition(ARGUMENTS_MARK)
        if not mark:
            self._held = text
            return ""
        self._doubtful += text[: len(text) - len(arguments)]
        self._open(CallScanner(name.strip()))
        return arguments.lstrip()

    def _open(self, scanner: CallScanner) -> None:
        self._scanner = scanner
        self._is_told = False

    def _after(self, text: str) -> tuple[str, str]:
        """Go on behind an object: with the end mark, the next mark, or content."""
        for mark in filter(None, (self._form.end, self._form.begin)):
            if text.startswith(mark):
                self._doubtful += mark
                return "", text.removeprefix(mark)
            if n_begun(text, mark) == len(text):
                self._held = text
                return "", ""
        self._in_calls = False
        before = "" if self.n_calls else self._doubtful
        return (before, text) if self._begin else (before + text, "")

    def _news(self, scanner: CallScanner) -> Iterator[CallPart]:
        """Yield what is new of the present call, if it is one and is wanted."""
        if scanner.name is None or not self._is_wanted(scanner.name):
            return
        name = None if self._is_told else scanner.name
        new = scanner.take_arguments()
        if name is not None or new:
            self._is_told = True
            yield CallPart(self.n_calls, name, new)

    def _is_wanted(self, name: str) -> bool:
        if self._n_max is not None and self.n_calls >= self._n_max:
            return False
        return bool(name) and (bool(self._form.begin) or name in self._names)

    def _closed(self, scanner: CallScanner, rest: str) -> tuple[str, str]:
        """Return (content, what is left): the text of what was no call after all is content."""
        is_told, before = self._is_told, self._doubtful
        self._scanner, self._is_told, self._doubtful = None, False, ""
        self.n_calls += is_told
        if is_told or self.n_calls:
            return "", rest
        self._in_calls = False
        return before + scanner.text, rest
