"""Characters of the tests."""

from __future__ import annotations

import json

from examples.discord_bot.character import read_character

INLINE = {
    "character": {
        "charName": "Marla",
        "persona": "keeps a lighthouse",
        "greeting": "Over to you!",
        "chatExample": [],
        "emotions": ["happy", "wistful"],
    },
    "promptTemplate": {
        "prompt": "${chat}",
        "character": "@{charName}: ${message}\n",
        "user": "&{userName}: ${message}\n",
    },
    "genParams": {"max_new_tokens": 50},
    "emoji": {"wistful": "🌫️"},
}
NAMED = {"character": "marla", "genParams": {"max_new_tokens": 50}}


def character(body=None, **changes):
    return read_character(json.dumps((INLINE if body is None else body) | changes))
