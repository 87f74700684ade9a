"""A body of the Responses API -> what the prompt is composed from, and the options of the request. Pure."""

from __future__ import annotations

from typing import Any

from corral.api.chat.tool_choice import (
    ToolChoice,
    chosen,
    function_tool,
    is_ruled,
    openai_choice,
    refuse_other_rules,
)
from corral.api.openai.response_format import to_schema
from corral.api.openai.responses_input import InputItems
from corral.api.openai.responses_types import ResponsesBody
from corral.core import log
from corral.core.errors import InvalidRequestError
from corral.core.messages import ModelFacts
from corral.prompt.chat import ChatWish
from corral.prompt.gallery import Gallery
from corral.prompt.messages import Message
from corral.prompt.tools import Tool, ToolUse

_log = log.get("api.openai")


def to_wish(body: ResponsesBody, facts: ModelFacts, gallery: Gallery) -> ChatWish:
    """Return the chat of `body`, its images in `gallery`. Raises InvalidRequestError, NotSupportedError.

    Modifies `body`: its own names for options of a request take effect under theirs.
    """
    _refuse_unserved(body)
    _apply(body)
    use = _tool_use(body)
    if use.is_forced:
        refuse_other_rules(is_ruled=is_ruled(body))
    return ChatWish(
        messages=[*_instructions(body), *_messages(body, facts, gallery)],
        use=use,
        variables=body.chat_template_kwargs or {},
        is_structured=is_ruled(body),
        reasoning_effort=body.reasoning.effort if body.reasoning else None,
        user_name=body.user,
    )


def _refuse_unserved(body: ResponsesBody) -> None:
    for name in ("previous_response_id", "conversation"):
        if getattr(body, name):
            raise InvalidRequestError(
                f"Field '{name}': Corral, like llama.cpp, does not support '{name}': no response is stored; "
                "send the whole conversation as 'input'"
            )
    if (body.n or 1) != 1 or (body.n_cmpl or 1) != 1:
        raise InvalidRequestError("Field 'n': a response has one answer")


def _apply(body: ResponsesBody) -> None:
    if body.max_output_tokens is not None:
        body.max_tokens = body.max_output_tokens
    schema = to_schema(body.text.format if body.text else None, "text.format")
    if schema is not None:
        body.json_schema = schema


def _instructions(body: ResponsesBody) -> list[Message]:
    return [] if body.instructions is None else [Message("system", body.instructions)]


def _messages(body: ResponsesBody, facts: ModelFacts, gallery: Gallery) -> list[Message]:
    if body.input is None:
        raise InvalidRequestError("Missing 'input': 'input' is required, a string or an array of items")
    if isinstance(body.input, str):
        return [Message("user", body.input)]
    return InputItems(facts, gallery).read(body.input)


def _tool_use(body: ResponsesBody) -> ToolUse:
    tools = [_tool(tool, f"tools[{i}]") for i, tool in enumerate(body.tools or [])]
    return chosen(tuple(tool for tool in tools if tool is not None), _choice(body))


def _tool(tool: dict[str, Any], where: str) -> Tool | None:
    """Return a function; None for tools that only OpenAI's own servers run, as llama-server skips them."""
    if tool.get("type") != "function":
        _log.warning("request.tool_skipped", kind=str(tool.get("type"))[:64])
        return None
    name, description, parameters = (tool.get(key) for key in ("name", "description", "parameters"))
    if not isinstance(name, str) or not name:
        raise InvalidRequestError(f"Field '{where}.name': expected a string")
    if not isinstance(description, str | None):
        raise InvalidRequestError(f"Field '{where}.description': expected a string")
    if not isinstance(parameters, dict | None):
        raise InvalidRequestError(f"Field '{where}.parameters': expected an object")
    return function_tool(name, description, parameters)


def _choice(body: ResponsesBody) -> ToolChoice:
    choice = body.tool_choice
    return openai_choice(choice, _named(choice), is_parallel=body.parallel_tool_calls)


def _named(choice: object) -> str | None:
    """Return the function that `choice` names."""
    match choice:
        case {"type": "function", "name": str(name)}:
            return name
    return None
