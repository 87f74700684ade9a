"""The chat that an answer is guided away from. Pure."""

from __future__ import annotations

import msgspec

from corral.core.errors import InvalidRequestError
from corral.prompt.chat import ChatWish
from corral.prompt.messages import Message


def negated(wish: ChatWish, negative: object) -> ChatWish:
    """Return the same chat with the text `negative` for its system text. Raises InvalidRequestError."""
    if not isinstance(negative, str):
        raise InvalidRequestError("Field 'negative_prompt': expected a string; a chat has no token ids")
    others = [message for message in wish.messages if message.role != "system"]
    return msgspec.structs.replace(wish, messages=[Message("system", negative), *others])
