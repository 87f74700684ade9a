"""Chats that begin with the character's greeting, and templates that want the user to begin."""

from __future__ import annotations

from corral.core.errors import InvalidRequestError
from corral.prompt.messages import Message
from corral.prompt.templates import ChatTemplate

OPENING = "[The chat begins.]"
"""What a user who has to begin says."""

_NEEDLE = "corral_needle"


def wants_user_first(template: ChatTemplate) -> bool:
    """Tell whether a template refuses a chat that begins with the assistant, or leaves that message out."""
    chat = [Message("system", "s"), Message("assistant", _NEEDLE), Message("user", "u")]
    try:
        return _NEEDLE not in template.render(chat).text
    except InvalidRequestError:
        return True
