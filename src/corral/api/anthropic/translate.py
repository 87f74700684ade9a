"""An Anthropic body -> what the prompt is composed from, and the options of the request. Pure."""

from __future__ import annotations

from corral.api.anthropic.turns import Turns
from corral.api.anthropic.types import MessagesBody, ToolBody, ToolChoiceBody
from corral.api.chat.tool_choice import ToolChoice, chosen, function_tool
from corral.api.generation.fields import GenerationFields
from corral.api.generation.limits import MAX_STOPS
from corral.api.generation.numbers import INT32_MAX, whole
from corral.core.errors import InvalidRequestError
from corral.core.messages import ModelFacts
from corral.prompt.chat import ChatWish
from corral.prompt.gallery import Gallery
from corral.prompt.tools import Tool

DEFAULT_MAX_TOKENS = 4096  # llama-server's, where Anthropic demands the field
DEFAULT_BUDGET = 10000  # llama-server's again

_CHOICES = ("auto", "any", "tool", "none")


def to_wish(body: MessagesBody, facts: ModelFacts, gallery: Gallery) -> ChatWish:
    """Return the chat of `body`, its images in `gallery`. Raises InvalidRequestError, NotSupportedError."""
    tools = tuple(_tool(tool, f"tools[{i}]") for i, tool in enumerate(body.tools or []))
    is_quiet = body.thinking is not None and body.thinking.type == "disabled"
    return ChatWish(
        messages=Turns(facts, gallery).read(body),
        use=chosen(tools, _choice(body.tool_choice)),
        variables=body.chat_template_kwargs or {},
        reasoning_effort="none" if is_quiet else None,
        reasoning_budget=_budget(body),
    )


def to_fields(body: MessagesBody, n_usual: int | None = None) -> GenerationFields:
    """Return the options of `body`; `n_usual` tokens without `max_tokens`. Raises InvalidRequestError."""
    if len(body.stop_sequences or []) > MAX_STOPS:
        raise InvalidRequestError(f"Field 'stop_sequences': at most {MAX_STOPS} are served")
    return GenerationFields(
        max_tokens=(n_usual or DEFAULT_MAX_TOKENS) if body.max_tokens is None else body.max_tokens,
        stop=body.stop_sequences,
        temperature=body.temperature,
        top_p=body.top_p,
        top_k=body.top_k,
        stream=body.stream,
    )


def _tool(tool: ToolBody, where: str) -> Tool:
    if not tool.name:
        raise InvalidRequestError(f"Field '{where}.name': expected a name")
    return function_tool(tool.name, tool.description, tool.input_schema)


def _choice(given: ToolChoiceBody | None) -> ToolChoice:
    if given is None:
        return ToolChoice()
    n_max = 1 if given.disable_parallel_tool_use else None
    match given.type:
        case "auto":
            return ToolChoice("auto", None, n_max)
        case "none":
            return ToolChoice("none")
        case "any":
            return ToolChoice("required", None, n_max)
        case "tool" if given.name:
            return ToolChoice("required", given.name, n_max)
        case "tool":
            raise InvalidRequestError("Field 'tool_choice.name': expected a tool's name")
    expected = ", ".join(_CHOICES)
    raise InvalidRequestError(f"Field 'tool_choice.type': expected one of {expected}, got {given.type!r}")


def _budget(body: MessagesBody) -> int | None:
    thinking = body.thinking
    if thinking is None or thinking.type != "enabled":
        return None
    if thinking.budget_tokens is None:
        return DEFAULT_BUDGET
    budget = whole("thinking.budget_tokens", thinking.budget_tokens)
    if budget < 0:
        raise InvalidRequestError(f"Field 'thinking.budget_tokens': must not be negative, got {budget}")
    return min(budget, INT32_MAX)
