"""The table of character chat's routes; `/models` and `/models/load` stand with the other models' routes."""

from __future__ import annotations

from corral.api.at_model import AtModel
from corral.api.characters import chat
from corral.api.characters.types import CharacterChatBody
from corral.api.endpoint import Endpoint

_EXAMPLE = {
    "userName": "Sam",
    "genParams": {"max_new_tokens": 60},
    "character": {
        "charName": "Wren",
        "persona": "Wren keeps the lighthouse at the end of the island. She is cheerful and fond of gulls.",
        "greeting": "Come in, mind the stairs!",
        "chatExample": [
            {"chatType": "user", "message": "Is it lonely here?"},
            {"chatType": "character", "message": "Never. The gulls tell me everything."},
        ],
        "emotions": ["happy", "sad", "angry", "neutral"],
    },
    "promptTemplate": {
        "prompt": "@{persona}\n${chatExample}\n${chat}",
        "character": "@{charName}: ${message}",
        "user": "&{userName}: ${message}",
    },
    "chatHistory": [
        {"chatType": "character", "message": "Come in, mind the stairs!"},
        {"chatType": "user", "message": "Hello Wren! How are you today?"},
    ],
}


def routes() -> list[Endpoint]:
    """Return the rows of this dialect."""
    return [
        Endpoint(
            method="POST",
            paths=("/chat",),
            handler=AtModel(chat.chat, is_charged=True),
            tag="Character chat",
            summary="Answer as a character, and tell its emotion",
            note=(
                "`promptTemplate` refers to the character's keys as `@{key}`, to the body's as `&{key}`; "
                "`${chatExample}` and `${chat}` are the messages, each written with the template of its "
                "`chatType` around `${message}`. The newest messages that fit into the context less "
                "`max_new_tokens` are told, examples first. Where `emotions` lists words the answer brings "
                "one of them, and with `emotionScores` the share of each. `genParams` takes ExLlama's "
                "options, the penalties with or without `token_`, and Corral's `seed` (it repeats the text) "
                "and `stop`. `stream` sends `message` in pieces, then the whole answer with `stopReason`. "
                "`character` may name one of the server's characters, which has its lore, its examples and "
                "its prefixes in the prompt; then `promptTemplate` and `chatHistory` may be left out, and "
                "`greeting` is the number of the greeting that begins the chat, from 0 on. Without "
                "`promptTemplate` the prompt is made by the model's chat template, where it has one, and the "
                "newest message always stands."
            ),
            body=CharacterChatBody,
            example=_EXAMPLE,
        ),
    ]
