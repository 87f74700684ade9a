"""The items of `input` -> wire-neutral messages. Pure.

Neighbouring items of the assistant (thoughts, text, calls) are one turn, as llama-server has it.
"""

from __future__ import annotations

from typing import Any

from corral.api.chat import media
from corral.api.openai.chat_messages import ROLES
from corral.api.openai.chat_tools import past_call
from corral.core.errors import InvalidRequestError, NotSupportedError
from corral.core.messages import ModelFacts
from corral.prompt.gallery import Gallery, MediaSource
from corral.prompt.messages import Message, ToolCall

Item = dict[str, Any]
_TEXTS = {"input_text": "text", "output_text": "text", "text": "text", "refusal": "refusal"}


class InputItems:
    """Reads the items of one body; images go into `gallery`."""

    def __init__(self, facts: ModelFacts, gallery: Gallery) -> None:
        self._facts = facts
        self._gallery = gallery
        self._turns: list[_Turn] = []

    def read(self, items: list[Item]) -> list[Message]:
        """Return the chat. Raises InvalidRequestError and NotSupportedError."""
        for number, item in enumerate(items):
            self._item(item, f"input[{number}]")
        return [turn.closed(self._gallery) for turn in self._turns]

    def _item(self, item: Item, where: str) -> None:
        match item.get("type") or "message":
            case "message":
                self._message(item, where)
            case "function_call":
                self._assistant().calls.append(_call(item, where))
            case "function_call_output":
                turn = _Turn("tool", tool_call_id=_text(item, "call_id", where))
                turn.parts = self._parts(item.get("output"), f"{where}.output")
                self._turns.append(turn)
            case "reasoning":
                self._assistant().reasoning += _thoughts(item, where)
            case kind:
                raise InvalidRequestError(f"Field '{where}.type': items of type {kind!r} are not served")

    def _message(self, item: Item, where: str) -> None:
        role = _text(item, "role", where)
        turn = self._assistant() if role == "assistant" else self._new(ROLES.get(role, role))
        turn.parts += self._parts(item.get("content"), f"{where}.content")

    def _assistant(self) -> _Turn:
        """Return the assistant's present turn."""
        if self._turns and self._turns[-1].role == "assistant":
            return self._turns[-1]
        return self._new("assistant")

    def _new(self, role: str) -> _Turn:
        self._turns.append(_Turn(role))
        return self._turns[-1]

    def _parts(self, content: Any, where: str) -> list[str | MediaSource]:  # noqa: ANN401 - any JSON
        if isinstance(content, str):
            return [content]
        if not isinstance(content, list):
            raise InvalidRequestError(f"Field '{where}': expected a string or an array")
        return [self._part(part, f"{where}[{i}]") for i, part in enumerate(content)]

    def _part(self, part: Any, where: str) -> str | MediaSource:  # noqa: ANN401 - any JSON
        kind = part.get("type") if isinstance(part, dict) else None
        if isinstance(kind, str) and kind in _TEXTS:
            return _text(part, _TEXTS[kind], where)
        if kind == "input_image":
            return media.image(_text(part, "image_url", where), f"{where}.image_url", self._facts)
        if kind in ("input_file", "input_audio"):
            raise NotSupportedError(f"Field '{where}': {kind} is not supported, only text and images are")
        raise InvalidRequestError(f"Field '{where}.type': expected input_text or input_image, got {kind!r}")


class _Turn:
    """One turn while it is put together."""

    def __init__(self, role: str, *, tool_call_id: str = "") -> None:
        self.role = role
        self.tool_call_id = tool_call_id
        self.parts: list[str | MediaSource] = []
        self.reasoning = ""
        self.calls: list[ToolCall] = []

    def closed(self, gallery: Gallery) -> Message:
        return Message(
            self.role,
            media.hung(self.parts, gallery),
            reasoning=self.reasoning,
            tool_calls=tuple(self.calls),
            tool_call_id=self.tool_call_id,
        )


def _text(item: Item, key: str, where: str) -> str:
    found = item.get(key)
    if not isinstance(found, str):
        raise InvalidRequestError(f"Field '{where}.{key}': expected a string")
    return found


def _call(item: Item, where: str) -> ToolCall:
    name, arguments = _text(item, "name", where), _text(item, "arguments", where)
    return past_call(_text(item, "call_id", where), name, arguments, where)


def _thoughts(item: Item, where: str) -> str:
    """Return the text of a reasoning item; one that only its maker can read has none."""
    content = item.get("content") or []
    if not isinstance(content, list) or not all(isinstance(part, dict) for part in content):
        raise InvalidRequestError(f"Field '{where}.content': expected an array of objects")
    return "".join(_text(part, "text", f"{where}.content[{i}]") for i, part in enumerate(content))
