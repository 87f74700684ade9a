"""Messages of an OpenAI chat -> wire-neutral messages. Pure."""

from __future__ import annotations

import msgspec

from corral.api.openai.chat_functions import as_tool_turns
from corral.api.openai.chat_tools import to_calls
from corral.api.openai.types import ChatBody, MessageBody
from corral.core.errors import InvalidRequestError
from corral.prompt.content import to_text
from corral.prompt.messages import Message

# OpenAI's newer name of the same role; templates know the older one.
ROLES = {"developer": "system"}


def to_messages(body: ChatBody) -> list[Message]:
    """Return the chat's messages, at least one. Raises InvalidRequestError."""
    if not body.messages:
        raise InvalidRequestError("Missing 'messages': expected a non-empty array")
    turns = as_tool_turns(body.messages)
    *before, last = [_message(message, f"messages[{i}]") for i, message in enumerate(turns)]
    return [*before, _as_beginning(last, body.messages[-1])]


def _as_beginning(message: Message, body: MessageBody) -> Message:
    """Return a last message that the answer may go on with: nothing stands between its parts."""
    if message.role != "assistant" or isinstance(body.content, str):
        return message
    return msgspec.structs.replace(message, content=to_text(body.content, "messages", separator=""))


def _message(message: MessageBody, where: str) -> Message:
    if message.role is None:
        raise InvalidRequestError(f"Missing 'role' in {where}")
    calls = to_calls(message.tool_calls or [], where)
    if message.content is None and not (calls or message.reasoning_content):
        raise InvalidRequestError(f"Missing 'content' in {where}")
    return Message(
        ROLES.get(message.role, message.role),
        to_text(message.content, where),
        reasoning=message.reasoning_content or "",
        tool_calls=calls,
        tool_call_id=message.tool_call_id or "",
        name=message.name or "",
    )
