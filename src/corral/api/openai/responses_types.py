"""The body of OpenAI's Responses API; every option of llama-server's /completion passes through."""

from __future__ import annotations

from typing import Any

import msgspec

from corral.api.generation.fields import GenerationFields, Whole


class ReasoningBody(msgspec.Struct):
    """`reasoning`."""

    effort: str | None = None


class TextFormatBody(msgspec.Struct):
    """`text`: its `format` is of type "text", "json_object", or "json_schema" with a `schema`."""

    format: dict[str, Any] | None = None


class ResponsesBody(GenerationFields, kw_only=True):
    """POST /v1/responses. `input`: text, or items. Nothing is stored, whatever `store` says."""

    input: str | list[dict[str, Any]] | None = None
    instructions: str | None = None
    model: str | None = None
    max_output_tokens: Whole = None
    text: TextFormatBody | None = None
    tools: list[dict[str, Any]] | None = None
    tool_choice: str | dict[str, Any] | None = None
    parallel_tool_calls: bool | None = None
    reasoning: ReasoningBody | None = None
    metadata: dict[str, Any] | None = None
    chat_template_kwargs: dict[str, Any] | None = None
    user: str | None = None
    previous_response_id: str | None = None
    conversation: Any = None
    store: bool | None = None
