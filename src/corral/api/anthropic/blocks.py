"""The content blocks of a streamed message: one is open at a time, and they are numbered as they come."""

from __future__ import annotations

from typing import Any

from corral.prompt.answer_split import Parts
from corral.prompt.tool_calls import CallPart


class Blocks:
    """Turns what an answer was found to hold into the events of its blocks."""

    def __init__(self) -> None:
        self._kind: str | None = None  # of the open block
        self._index = -1

    def take(self, parts: Parts, call_ids: list[str]) -> list[dict[str, Any]]:
        """Return the events of a piece."""
        events: list[dict[str, Any]] = []
        if parts.thoughts:
            events += self._enter("thinking", {"thinking": "", "signature": ""})
            events.append(self._delta("thinking_delta", thinking=parts.thoughts))
        if parts.content:
            events += self._enter("text", {"text": ""})
            events.append(self._delta("text_delta", text=parts.content))
        for part in parts.calls:
            events += self._call(part, call_ids)
        return events

    def close(self) -> list[dict[str, Any]]:
        """Return the end of the open block, if there is one. Thoughts are signed with nothing."""
        if self._kind is None:
            return []
        signed = [self._delta("signature_delta", signature="")] if self._kind == "thinking" else []
        self._kind = None
        return [*signed, {"type": "content_block_stop", "index": self._index}]

    def _call(self, part: CallPart, call_ids: list[str]) -> list[dict[str, Any]]:
        events: list[dict[str, Any]] = []
        if part.name is not None:
            events += self.close()
            about = {"id": call_ids[part.index], "name": part.name, "input": {}}
            events += self._enter("tool_use", about)
        if part.arguments:
            events.append(self._delta("input_json_delta", partial_json=part.arguments))
        return events

    def _enter(self, kind: str, empty: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the events that make a block of `kind` the open one."""
        if self._kind == kind:
            return []
        events = self.close()
        self._kind = kind
        self._index += 1
        block = {"type": kind, **empty}
        return [*events, {"type": "content_block_start", "index": self._index, "content_block": block}]

    def _delta(self, kind: str, **content: str) -> dict[str, Any]:
        return {"type": "content_block_delta", "index": self._index, "delta": {"type": kind, **content}}
