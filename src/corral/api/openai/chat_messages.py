"""Messages of an OpenAI chat -> wire-neutral messages, and what a chat may not ask for yet. Pure."""

from __future__ import annotations

from corral.api.openai.types import ChatBody, MessageBody
from corral.core.errors import InvalidRequestError
from corral.prompt.content import to_text
from corral.prompt.messages import Message

# OpenAI's newer name of the same role; templates know the older one.
_ROLES = {"developer": "system"}


def to_messages(body: ChatBody) -> list[Message]:
    """Return the chat's messages, at least one. Raises InvalidRequestError."""
    if not body.messages:
        raise InvalidRequestError("Missing 'messages': expected a non-empty array")
    return [_message(message, f"messages[{i}]") for i, message in enumerate(body.messages)]


def refuse_unserved(body: ChatBody) -> None:
    """Raise InvalidRequestError for what would change the answer's form but is not served yet."""
    for name in ("tools", "functions"):
        if getattr(body, name):
            raise InvalidRequestError(f"Unsupported param: {name}")
    if body.tool_choice not in (None, "none", "auto"):
        raise InvalidRequestError("Unsupported param: tool_choice")
    if body.continue_final_message:
        raise InvalidRequestError("Unsupported param: continue_final_message")
    _refuse_format(body.response_format or {"type": "text"})


def _refuse_format(form: dict[str, object]) -> None:
    kind = form.get("type")
    if kind in ("json_object", "json_schema"):
        raise InvalidRequestError(f"Field 'response_format': type {kind!r} is not served yet, only 'text' is")
    if kind != "text":
        raise InvalidRequestError(
            f'response_format type must be one of "text" or "json_object", but got: {kind}'
        )


def _message(message: MessageBody, where: str) -> Message:
    if message.role is None:
        raise InvalidRequestError(f"Missing 'role' in {where}")
    if message.tool_calls:
        raise InvalidRequestError(f"Field '{where}.tool_calls': tool calls are not served yet")
    if message.content is None:
        raise InvalidRequestError(f"Missing 'content' in {where}")
    return Message(_ROLES.get(message.role, message.role), to_text(message.content, where))
