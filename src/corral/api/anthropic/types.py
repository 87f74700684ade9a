"""Bodies that Anthropic's clients send. Shapes: Anthropic's API reference, "Messages"."""

from __future__ import annotations

from typing import Any

import msgspec

from corral.api.generation.fields import Whole


class TextBlock(msgspec.Struct, tag_field="type", tag="text"):
    """Text."""

    text: str


class Base64Source(msgspec.Struct, tag_field="type", tag="base64"):
    """An image in the body."""

    data: str
    media_type: str = "image/jpeg"


class UrlSource(msgspec.Struct, tag_field="type", tag="url"):
    """An image elsewhere."""

    url: str


class ImageBlock(msgspec.Struct, tag_field="type", tag="image"):
    """An image."""

    source: Base64Source | UrlSource


class ThinkingBlock(msgspec.Struct, tag_field="type", tag="thinking"):
    """What the assistant thought. Its signature is not checked: Corral signs nothing."""

    thinking: str


class RedactedThinkingBlock(msgspec.Struct, tag_field="type", tag="redacted_thinking"):
    """Thoughts that only Anthropic can read; they are left out."""


class ToolUseBlock(msgspec.Struct, tag_field="type", tag="tool_use"):
    """A call that the assistant made."""

    name: str
    id: str = ""
    input: dict[str, Any] = {}


class ToolResultBlock(msgspec.Struct, tag_field="type", tag="tool_result"):
    """What a call gave."""

    tool_use_id: str
    content: str | list[TextBlock | ImageBlock] | None = None


Block = TextBlock | ImageBlock | ThinkingBlock | RedactedThinkingBlock | ToolUseBlock | ToolResultBlock


class TurnBody(msgspec.Struct):
    """One message."""

    role: str
    content: str | list[Block]


class ToolBody(msgspec.Struct):
    """A tool on offer."""

    name: str
    description: str | None = None
    input_schema: dict[str, Any] | None = None


class ToolChoiceBody(msgspec.Struct):
    """`type`: "auto", "any", "tool" with its `name`, or "none"."""

    type: str
    name: str | None = None
    disable_parallel_tool_use: bool | None = None


class ThinkingBody(msgspec.Struct):
    """`type`: "enabled" with `budget_tokens`, "adaptive" or "disabled"."""

    type: str
    budget_tokens: Whole = None


class MessagesBody(msgspec.Struct, kw_only=True):
    """POST /v1/messages."""

    messages: list[TurnBody] | None = None
    model: str | None = None
    system: str | list[TextBlock] | None = None
    max_tokens: Whole = None
    stop_sequences: list[str] | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: Whole = None
    stream: bool | None = None
    tools: list[ToolBody] | None = None
    tool_choice: ToolChoiceBody | None = None
    thinking: ThinkingBody | None = None
    metadata: dict[str, Any] | None = None
    chat_template_kwargs: dict[str, Any] | None = None
