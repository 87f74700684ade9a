"""The character file: the parts of a `POST /chat` body that stay the same, and the emoji of its emotions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_TEXTS = ("charName", "persona", "greeting")
_TEMPLATE = ("prompt", "character", "user")


class CharacterFileError(Exception):
    """The file is no character; the message says which key is wrong."""


@dataclass(frozen=True)
class Character:
    """What the bot posts to `/chat` with every message.

    `character` is the character itself, or the name of one in the server's folder. `template` may be None
    only with a name: the server then has its own. `emoji` is by emotion.
    """

    character: dict[str, Any] | str
    gen_params: dict[str, Any]
    template: dict[str, str] | None
    emoji: dict[str, str]

    @property
    def name(self) -> str | None:
        """What the character is called, None where only the server knows."""
        return None if isinstance(self.character, str) else self.character["charName"]

    @property
    def greeting(self) -> str | None:
        """What it says to an empty message; None where the server would have to fill in a placeholder."""
        if isinstance(self.character, str):
            return None
        greeting: str = self.character["greeting"].strip()
        return greeting if greeting and "{" not in greeting else None


def read_character(content: str) -> Character:
    """Return the character of a JSON file's `content`; raises CharacterFileError."""
    try:
        body = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise CharacterFileError(f"The character file is no JSON: {error}.") from error
    _check_object(body, "The character file")
    character = body.get("character")
    gen_params = _checked_params(body.get("genParams"))
    if isinstance(character, str) and character.strip():
        template = None if "promptTemplate" not in body else _checked_template(body["promptTemplate"])
    else:
        character = _checked_character(character)
        template = _checked_template(body.get("promptTemplate"))
    return Character(character, gen_params, template, _texts(body.get("emoji", {}), "'emoji'"))


def _checked_character(character: Any) -> dict[str, Any]:  # noqa: ANN401 (what JSON holds)
    _check_object(character, "'character' (where it is not the name of a character of the server)")
    for key in _TEXTS:
        _check_text(character.get(key), f"'character.{key}'")
    if not character["charName"].strip():
        raise CharacterFileError("'character.charName' must not be empty.")
    if not isinstance(character.get("chatExample"), list):
        raise CharacterFileError("'character.chatExample' must be a list.")
    return dict(character)


def _checked_template(template: Any) -> dict[str, str]:  # noqa: ANN401
    texts = _texts(template, "'promptTemplate'")
    for key in _TEMPLATE:
        _check_text(texts.get(key), f"'promptTemplate.{key}'")
    return texts


def _checked_params(params: Any) -> dict[str, Any]:  # noqa: ANN401
    _check_object(params, "'genParams'")
    n_most = params.get("max_new_tokens")
    if not isinstance(n_most, int) or isinstance(n_most, bool) or n_most < 1:
        raise CharacterFileError("'genParams.max_new_tokens' must be a whole number above 0.")
    return dict(params)


def _texts(value: Any, name: str) -> dict[str, str]:  # noqa: ANN401
    _check_object(value, name)
    for key, text in value.items():
        _check_text(text, f"{name}: the value of '{key}'")
    return dict(value)


def _check_object(value: object, name: str) -> None:
    if not isinstance(value, Mapping):
        raise CharacterFileError(f"{name} must be a JSON object.")


def _check_text(value: object, name: str) -> None:
    if not isinstance(value, str):
        raise CharacterFileError(f"{name} must be a text.")
