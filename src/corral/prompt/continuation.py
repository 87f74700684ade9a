"""Answers that go on with a beginning of the client's."""

from __future__ import annotations

from corral.core.errors import InvalidRequestError
from corral.prompt.messages import Message
from corral.prompt.reasoning import is_open, tags_of
from corral.prompt.thoughts import without_thoughts


def to_continue(messages: list[Message], *, is_asked: bool | None, is_default: bool) -> Message | None:
    """Return the last message if the answer goes on with it. Raises InvalidRequestError where it cannot.

    `is_asked` None: the client did not say; `is_default` then holds for a message of the assistant.
    """
    if not messages:
        return None
    *before, last = messages
    is_own = last.role == "assistant"
    if is_asked is False or (is_asked is None and not (is_default and is_own)):
        return None
    if not is_own:
        raise InvalidRequestError("Field 'continue_final_message': the last message is not the assistant's")
    if before and before[-1].role == "assistant":
        raise InvalidRequestError("Cannot have 2 or more assistant messages at the end of the list.")
    if last.tool_calls:
        raise InvalidRequestError("Cannot continue an assistant message that contains tool calls.")
    return last


def with_beginning(text: str, message: Message, source: str) -> str:
    """Return a prompt with the beginning of the answer behind it."""
    tags = tags_of(source)
    if tags is None:
        return text + message.content
    if message.reasoning:
        opened = text if is_open(text, tags) else f"{text}{tags.begin}\n"
        if not message.content:
            return opened + message.reasoning
        return f"{opened}{message.reasoning}\n{tags.end}\n\n{message.content}"
    # Models that think unless told otherwise have seen no answer without its thoughts, be they none.
    is_expected = is_open(text, tags) or "enable_thinking" in source
    return (without_thoughts(text, tags) if is_expected else text) + message.content
