"""An answer's text -> thoughts, content and calls of tools, while it comes or as a whole."""

from __future__ import annotations

import uuid

import msgspec

from corral.prompt.messages import ToolCall
from corral.prompt.reasoning import ReasoningSplit, ThinkTags
from corral.prompt.tool_calls import CallPart, ToolCallSplit
from corral.prompt.tool_formats import ToolFormat

LEGACY = "deepseek-legacy"


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """How the answers to one chat are read. `tags` None: no thoughts are told apart; `form` None: no calls.

    `is_open` and `is_begun`: the prompt ended inside thoughts, or with the mark of a call. `names` and
    `n_max` are those of `ToolUse`. `is_legacy`: whole answers keep their thoughts in the content too,
    streamed ones keep them there only.
    """

    tags: ThinkTags | None = None
    is_open: bool = False
    is_legacy: bool = False
    form: ToolFormat | None = None
    names: frozenset[str] = frozenset()
    n_max: int | None = None
    is_begun: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether an answer is nothing but content."""
        return self.tags is None and self.form is None


class Parts(msgspec.Struct, frozen=True):
    """What a piece of text settles."""

    thoughts: str
    content: str
    calls: list[CallPart]


class AnswerSplit:
    """Reads one answer. `call_ids` are the ids of the calls so far."""

    def __init__(self, reading: Reading, *, is_stream: bool = False) -> None:
        has_thoughts = reading.tags is not None and not (is_stream and reading.is_legacy)
        self._thoughts = (
            ReasoningSplit(reading.tags, is_open=reading.is_open) if reading.tags and has_thoughts else None
        )
        self._calls = (
            ToolCallSplit(reading.form, reading.names, n_max=reading.n_max, is_begun=reading.is_begun)
            if reading.form
            else None
        )
        self._n_id = reading.form.n_id if reading.form else None
        self.call_ids: list[str] = []

    def feed(self, text: str) -> Parts:
        """Return what `text` settles."""
        thoughts, content = self._thoughts.feed(text) if self._thoughts else ("", text)
        return self._with_calls(thoughts, content)

    def flush(self) -> Parts:
        """Return what was held back: nothing comes any more."""
        thoughts, content = self._thoughts.flush() if self._thoughts else ("", "")
        last = self._with_calls(thoughts, content)
        rest = self._calls.flush() if self._calls else ""
        return Parts(last.thoughts, last.content + rest, last.calls)

    def _with_calls(self, thoughts: str, content: str) -> Parts:
        if self._calls is None or not content:
            return Parts(thoughts, content, [])
        content, calls = self._calls.feed(content)
        self.call_ids += [self._new_id() for part in calls if part.name is not None]
        return Parts(thoughts, content, calls)

    def _new_id(self) -> str:
        text = uuid.uuid4().hex
        return f"call_{text}" if self._n_id is None else text[: self._n_id]


class WholeAnswer(msgspec.Struct, frozen=True):
    """A whole answer, read. `content` None: there are calls and nothing else."""

    content: str | None
    thoughts: str
    calls: list[ToolCall]


def read_whole(text: str, reading: Reading) -> WholeAnswer:
    """Return what the answer `text` holds."""
    split = AnswerSplit(reading)
    parts = [split.feed(text), split.flush()]
    thoughts = "".join(part.thoughts for part in parts)
    content = "".join(part.content for part in parts)
    calls = _joined([call for part in parts for call in part.calls], split.call_ids)
    if calls:
        content = content.strip()
    if reading.is_legacy and reading.tags and thoughts:
        content = f"{reading.tags.begin}{thoughts}{reading.tags.end}{content}"
    return WholeAnswer(None if calls and not content else content, thoughts, calls)


def _joined(parts: list[CallPart], ids: list[str]) -> list[ToolCall]:
    names = {part.index: part.name for part in parts if part.name is not None}
    arguments = {index: "".join(part.arguments for part in parts if part.index == index) for index in names}
    return [ToolCall(ids[index], name, arguments[index]) for index, name in names.items()]
