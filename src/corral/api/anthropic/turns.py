"""Anthropic's messages -> wire-neutral ones. Pure.

A turn of the user may hold results of calls; each becomes a turn of its own, after the text beside it, as
llama-server has it.
"""

from __future__ import annotations

import re

import msgspec

from corral.api.anthropic.types import (
    Base64Source,
    Block,
    ImageBlock,
    MessagesBody,
    TextBlock,
    ThinkingBlock,
    ToolResultBlock,
    ToolUseBlock,
    TurnBody,
)
from corral.api.chat import media
from corral.core.errors import InvalidRequestError
from corral.core.messages import ModelFacts
from corral.prompt.gallery import Gallery, MediaSource
from corral.prompt.messages import Message, ToolCall

# A stamp that Anthropic's own command-line client puts first and changes with each request; what follows it
# could never be found in the prefix cache (llama.cpp pull request 21793).
_STAMP = re.compile(r"\A(x-anthropic-billing-header:[^\n]*?\bcch=)[^;\n]{5};")


class Turns:
    """Reads the messages of one body; images go into `gallery`."""

    def __init__(self, facts: ModelFacts, gallery: Gallery) -> None:
        self._facts = facts
        self._gallery = gallery

    def read(self, body: MessagesBody) -> list[Message]:
        """Return the chat, empty if it has no messages. Raises InvalidRequestError, NotSupportedError."""
        if body.messages is None:
            raise InvalidRequestError("Missing 'messages': expected an array")
        turns = [] if body.system is None else [Message("system", _system(body.system))]
        for number, turn in enumerate(body.messages):
            turns += self._turn(turn, f"messages[{number}]")
        return turns

    def _turn(self, turn: TurnBody, where: str) -> list[Message]:
        if not turn.role:
            raise InvalidRequestError(f"Field '{where}.role': expected a role")
        if isinstance(turn.content, str):
            return [Message(turn.role, turn.content)]
        said = self._said(turn.role, turn.content, f"{where}.content")
        return [*said, *self._results(turn.content, f"{where}.content")]

    def _said(self, role: str, blocks: list[Block], where: str) -> list[Message]:
        """Return the turn without the results, if anything of it is left."""
        parts = self._parts(blocks, where)
        thoughts = "".join(block.thinking for block in blocks if isinstance(block, ThinkingBlock))
        calls = tuple(_call(block) for block in blocks if isinstance(block, ToolUseBlock))
        if not (parts or thoughts or calls):
            return []
        return [Message(role, media.hung(parts, self._gallery), reasoning=thoughts, tool_calls=calls)]

    def _results(self, blocks: list[Block], where: str) -> list[Message]:
        results = [(i, block) for i, block in enumerate(blocks) if isinstance(block, ToolResultBlock)]
        return [
            Message("tool", self._result(block, f"{where}[{i}].content"), tool_call_id=block.tool_use_id)
            for i, block in results
        ]

    def _result(self, block: ToolResultBlock, where: str) -> str:
        if block.content is None or isinstance(block.content, str):
            return block.content or ""
        parts = self._parts(block.content, where)
        texts = [part for part in parts if isinstance(part, str)]
        return "".join(texts) if len(texts) == len(parts) else media.hung(parts, self._gallery)

    def _parts(
        self, blocks: list[Block] | list[TextBlock | ImageBlock], where: str
    ) -> list[str | MediaSource]:
        parts: list[str | MediaSource] = []
        for number, block in enumerate(blocks):
            if isinstance(block, TextBlock):
                parts.append(block.text)
            elif isinstance(block, ImageBlock):
                parts.append(media.image(_address(block), f"{where}[{number}].source", self._facts))
        return parts


def _system(given: str | list[TextBlock]) -> str:
    texts = [given] if isinstance(given, str) else [block.text for block in given]
    return "".join(_STAMP.sub(r"\g<1>fffff;", text) for text in texts)


def _address(block: ImageBlock) -> str:
    source = block.source
    if isinstance(source, Base64Source):
        return f"data:{source.media_type};base64,{source.data}"
    return source.url


def _call(block: ToolUseBlock) -> ToolCall:
    return ToolCall(block.id, block.name, msgspec.json.encode(block.input).decode())
