"""Bodies that OpenAI's clients send; every option of llama-server's /completion passes through."""

from __future__ import annotations

from typing import Any

import msgspec

from corral.api.generation.fields import GenerationFields, Whole


class StreamOptions(msgspec.Struct):
    """`stream_options`."""

    include_usage: bool | None = None


class TextBody(GenerationFields, kw_only=True):
    """POST /v1/completions."""

    prompt: Any = None
    model: str | None = None
    echo: bool | None = None
    best_of: Whole = None
    suffix: str | None = None
    logprobs: Whole = None
    stream_options: StreamOptions | None = None


class FunctionBody(msgspec.Struct):
    """Which function, and its arguments: JSON text, or the object itself."""

    name: str | None = None
    arguments: str | dict[str, Any] | None = None


class CallBody(msgspec.Struct):
    """One of an assistant's `tool_calls`."""

    function: FunctionBody
    id: str | None = None


class MessageBody(msgspec.Struct):
    """One message of a chat. `content`: text, or parts of type "text"."""

    role: str | None = None
    content: str | list[dict[str, Any]] | None = None
    reasoning_content: str | None = None
    tool_calls: list[CallBody] | None = None
    function_call: FunctionBody | None = None
    tool_call_id: str | None = None
    name: str | None = None


class ChatBody(GenerationFields, kw_only=True):
    """POST /v1/chat/completions."""

    messages: list[MessageBody] | None = None
    model: str | None = None
    logprobs: bool | Whole = None
    top_logprobs: Whole = None
    stream_options: StreamOptions | None = None
    response_format: dict[str, Any] | None = None
    tools: list[Any] | None = None
    tool_choice: str | dict[str, Any] | None = None
    parallel_tool_calls: bool | None = None
    functions: list[Any] | dict[str, Any] | None = None
    function_call: Any = None
    reasoning_format: str | None = None
    reasoning_effort: str | None = None
    reasoning_budget_tokens: Whole = None
    thinking_budget_tokens: Whole = None
    reasoning_budget_message: str | None = None
    add_generation_prompt: bool | None = None
    continue_final_message: bool | None = None
    chat_template_kwargs: dict[str, Any] | None = None
    user: str | None = None
    verbose: bool | None = None
