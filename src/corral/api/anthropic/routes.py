"""The table of Anthropic's routes."""

from __future__ import annotations

from corral.api.anthropic import messages
from corral.api.anthropic.types import MessagesBody
from corral.api.at_model import AtModel
from corral.api.endpoint import Endpoint

_TAG = "Anthropic"
_CHAT = {"max_tokens": 64, "messages": [{"role": "user", "content": "Hello! Who are you?"}]}


def routes() -> list[Endpoint]:
    """Return the rows of this dialect."""
    return [
        Endpoint(
            method="POST",
            paths=("/v1/messages",),
            handler=AtModel(messages.create, is_chat=True, is_charged=True),
            tag=_TAG,
            summary="Answer a chat, in Anthropic's form",
            note=(
                "Without `max_tokens` an answer ends after 4096 tokens. `X-Api-Key` carries the key. "
                "Errors have the shape of all other routes."
            ),
            body=MessagesBody,
            example=_CHAT,
            differs=(
                "`stop_reason` is `stop_sequence` where one of `stop_sequences` ended the answer, as with "
                "Anthropic; a `tool_choice` of type `tool` allows the named tool only; `thinking` of type "
                "`disabled` switches thinking off; blocks of a type that is not known are refused."
            ),
        ),
        Endpoint(
            method="POST",
            paths=("/v1/messages/count_tokens",),
            handler=AtModel(messages.count_tokens, is_chat=True),
            tag=_TAG,
            summary="Count the tokens of a chat in Anthropic's form",
            body=MessagesBody,
            example=_CHAT,
            differs=(
                "501 for a chat with images, whose tokens only the engine knows; llama-server counts their "
                "marks as text."
            ),
        ),
    ]
