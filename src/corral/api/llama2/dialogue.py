"""The rules of a Llama-2 chat. Pure.

They are those of Meta's own code for its chat models (facebookresearch/llama, `chat_completion`): at most one
system message and that first, then user and assistant in turn, the last word the user's.
"""

from __future__ import annotations

import re
from typing import Any

from corral.core.errors import InvalidRequestError
from corral.prompt.messages import Message

_ROLES = ("system", "user", "assistant")
# How chat templates write where a turn begins or ends: [INST], <<SYS>>, <|im_start|>, <start_of_turn>.
_MARK = re.compile(
    r"\[/?[A-Z_]+\]|<</?SYS>>|<[|\uff5c][^|\uff5c<>{}'\"\s]+[|\uff5c]>|<(?:start|end)_of_turn>"
)


def dialogue(given: list[Any]) -> list[Message]:
    """Return the chat that the wire's messages are. Raises InvalidRequestError, which says what is wrong."""
    messages = [_message(item, f"messages[{at}]") for at, item in enumerate(given)]
    if not messages:
        raise InvalidRequestError("Field 'messages': the list is empty; the user has to say something")
    n_system = int(messages[0].role == "system")
    for at, message in enumerate(messages[n_system:], start=n_system):
        _check_turn(message.role, at, expected="user" if (at - n_system) % 2 == 0 else "assistant")
    if len(messages) == n_system:
        raise InvalidRequestError(
            "Field 'messages': behind the system message a message of the user is missing"
        )
    if messages[-1].role != "user":
        raise InvalidRequestError(
            f"Field 'messages[{len(messages) - 1}].role': the last message must be the user's, "
            f"not the {messages[-1].role}'s"
        )
    return messages


def check_marks(messages: list[Message], template: str) -> None:
    """Raise InvalidRequestError where a message holds what the source `template` tells turns apart by.

    Meta's code refused the marks of its one format, as who writes them into a message forges turns. Here the
    format is the model's, and the marks of another one are plain text. Answers are let through: they are the
    model's own words, which a client sends back as they came.
    """
    marks = set(_MARK.findall(template))
    for at, message in enumerate(messages):
        found = marks.intersection(_MARK.findall(message.content))
        if found and message.role != "assistant":
            raise InvalidRequestError(
                f"Field 'messages[{at}].content': special tags are not allowed as part of the prompt, "
                f"and {min(found)} is one for this model"
            )


def _message(item: Any, where: str) -> Message:  # noqa: ANN401 - any JSON
    if not isinstance(item, dict):
        raise InvalidRequestError(f"Field '{where}': expected an object with a role and a content")
    role, content = item.get("role"), item.get("content")
    if not isinstance(role, str):
        raise InvalidRequestError(f"Field '{where}.role': expected one of system, user and assistant")
    if role not in _ROLES:
        raise InvalidRequestError(
            f"Field '{where}.role': {role[:50]!r} is no role here; there are system, user and assistant"
        )
    if not isinstance(content, str):
        raise InvalidRequestError(f"Field '{where}.content': expected a string")
    return Message(role, content)


def _check_turn(role: str, at: int, *, expected: str) -> None:
    if role == expected:
        return
    if role == "system":
        raise InvalidRequestError(f"Field 'messages[{at}].role': only the first message can be the system's")
    raise InvalidRequestError(
        f"Field 'messages[{at}].role': expected {expected}, got {role}; "
        "user and assistant take turns, and the user begins"
    )
