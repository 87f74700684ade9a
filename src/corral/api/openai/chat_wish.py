"""An OpenAI chat body -> what the prompt is composed from. Pure."""

from __future__ import annotations

from typing import Any

from corral.api.generation.numbers import INT32_MAX, whole
from corral.api.openai.chat_messages import to_messages
from corral.api.openai.chat_tools import is_ruled_otherwise, to_tool_use
from corral.api.openai.types import ChatBody
from corral.core.errors import InvalidRequestError
from corral.prompt.chat import ChatWish

REASONING_FORMATS = ("none", "auto", "deepseek", "deepseek-legacy")


def to_wish(body: ChatBody) -> ChatWish:
    """Return the chat of `body`. Raises InvalidRequestError."""
    if body.continue_final_message and body.add_generation_prompt:
        raise InvalidRequestError("Cannot set both add_generation_prompt and continue_final_message to true.")
    return ChatWish(
        messages=to_messages(body),
        use=to_tool_use(body),
        variables=_variables(body),
        is_answer_wanted=body.add_generation_prompt is not False,
        is_continued=_is_continued(body),
        is_structured=is_ruled_otherwise(body),
        reasoning_format=_reasoning_format(body.reasoning_format),
        reasoning_effort=body.reasoning_effort,
        reasoning_budget=_budget(body),
        reasoning_budget_message=body.reasoning_budget_message,
        user_name=body.user,
    )


def _variables(body: ChatBody) -> dict[str, Any]:
    variables = body.chat_template_kwargs or {}
    if isinstance(variables.get("enable_thinking"), str):
        message = 'invalid type for "enable_thinking" (expected boolean, got string)'
        raise InvalidRequestError(f"Field 'chat_template_kwargs': {message}")
    return variables


def _is_continued(body: ChatBody) -> bool | None:
    """Return None where the server's setting decides; an explicit opening of a new turn decides too."""
    return False if body.add_generation_prompt else body.continue_final_message


def _reasoning_format(name: str | None) -> str | None:
    if name is not None and name not in REASONING_FORMATS:
        raise InvalidRequestError(
            f"Field 'reasoning_format': expected one of {', '.join(REASONING_FORMATS)}, got {name!r}"
        )
    return name


def _budget(body: ChatBody) -> int | None:
    for name in ("reasoning_budget_tokens", "thinking_budget_tokens"):
        given = getattr(body, name)
        if given is not None and (budget := whole(name, given)) >= 0:
            return min(budget, INT32_MAX)
    return None
