"""The items of a response's output: text, thoughts and calls, each with the events that tell it bit by bit.

Shapes: OpenAI's API reference, "Responses"; what llama-server adds to them or leaves out is noted.
"""

from __future__ import annotations

import uuid
from typing import Any, Protocol

from corral.prompt.answer_split import WholeAnswer

Event = dict[str, Any]


class OutputItem(Protocol):
    """One item while it grows. Its events still lack `output_index`."""

    def add(self, text: str) -> Event:
        """Take more of the text; return the event that tells it."""
        ...

    def opening(self) -> list[Event]:
        """Return the events that announce it, while it is empty."""
        ...

    def closing(self) -> list[Event]:
        """Return the events that end it."""
        ...

    def shown(self, status: str = "completed") -> dict[str, Any]:
        """Return it as it is now."""
        ...


class TextItem:
    """A message of the assistant."""

    kind = "message"

    def __init__(self, text: str = "") -> None:
        self._id = _new_id("msg")
        self._text = text

    def add(self, text: str) -> Event:
        """Take more of the text; return the event that tells it."""
        self._text += text
        return {**self._event("response.output_text.delta"), "delta": text, "logprobs": []}

    def opening(self) -> list[Event]:
        """Return the events that announce it, while it is empty."""
        return [
            {"type": "response.output_item.added", "item": {**self.shown("in_progress"), "content": []}},
            {**self._event("response.content_part.added"), "part": self._part()},
        ]

    def closing(self) -> list[Event]:
        """Return the events that end it."""
        return [
            {**self._event("response.output_text.done"), "text": self._text, "logprobs": []},
            {**self._event("response.content_part.done"), "part": self._part()},
            {"type": "response.output_item.done", "item": self.shown()},
        ]

    def shown(self, status: str = "completed") -> dict[str, Any]:
        """Return it as it is now."""
        return {
            "content": [self._part()],
            "id": self._id,
            "role": "assistant",
            "status": status,
            "type": self.kind,
        }

    def _part(self) -> dict[str, Any]:
        return {"type": "output_text", "annotations": [], "logprobs": [], "text": self._text}

    def _event(self, kind: str) -> Event:
        return {"type": kind, "item_id": self._id, "content_index": 0}


class ThoughtsItem:
    """What the model thought before it answered."""

    kind = "reasoning"

    def __init__(self, text: str = "") -> None:
        self._id = _new_id("rs")
        self._text = text

    def add(self, text: str) -> Event:
        """Take more of the text; return the event that tells it."""
        self._text += text
        return {**self._event("response.reasoning_text.delta"), "delta": text}

    def opening(self) -> list[Event]:
        """Return the event that announces it, while it is empty."""
        return [{"type": "response.output_item.added", "item": {**self.shown("in_progress"), "content": []}}]

    def closing(self) -> list[Event]:
        """Return the events that end it."""
        return [
            {**self._event("response.reasoning_text.done"), "text": self._text},
            {"type": "response.output_item.done", "item": self.shown()},
        ]

    def shown(self, status: str = "completed") -> dict[str, Any]:
        """Return it as it is now."""
        return {
            "id": self._id,
            "summary": [],
            "type": self.kind,
            "content": [{"type": "reasoning_text", "text": self._text}],
            "encrypted_content": "",
            "status": status,
        }

    def _event(self, kind: str) -> Event:
        return {"type": kind, "item_id": self._id, "content_index": 0}


class CallItem:
    """A call of a function."""

    kind = "function_call"

    def __init__(self, call_id: str, name: str, arguments: str = "") -> None:
        self._id = _new_id("fc")
        self._call_id = call_id
        self._name = name
        self._arguments = arguments

    def add(self, text: str) -> Event:
        """Take more of the arguments; return the event that tells it."""
        self._arguments += text
        return {"type": "response.function_call_arguments.delta", "item_id": self._id, "delta": text}

    def opening(self) -> list[Event]:
        """Return the event that announces it, while it is empty."""
        return [{"type": "response.output_item.added", "item": self.shown("in_progress")}]

    def closing(self) -> list[Event]:
        """Return the events that end it."""
        kind = "response.function_call_arguments.done"
        done = {"type": kind, "item_id": self._id, "name": self._name, "arguments": self._arguments}
        return [done, {"type": "response.output_item.done", "item": self.shown()}]

    def shown(self, status: str = "completed") -> dict[str, Any]:
        """Return it as it is now."""
        return {
            "id": self._id,
            "type": self.kind,
            "status": status,
            "arguments": self._arguments,
            "call_id": self._call_id,
            "name": self._name,
        }


def output(answer: WholeAnswer) -> list[dict[str, Any]]:
    """Return the items of a whole answer."""
    items: list[OutputItem] = []
    if answer.thoughts:
        items.append(ThoughtsItem(answer.thoughts))
    if answer.content:
        items.append(TextItem(answer.content))
    items += [CallItem(call.id, call.name, call.arguments) for call in answer.calls]
    return [item.shown() for item in items]


def _new_id(prefix: str) -> str:
    return f"{prefix}_{uuid.uuid4().hex}"
