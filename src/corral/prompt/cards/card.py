"""A card's file, as JSON or in a picture."""

from __future__ import annotations

from corral.prompt.cards.chunks import SIGNATURE
from corral.prompt.cards.document import CardVersion, read_json, write_json
from corral.prompt.cards.picture import read_png
from corral.prompt.persona import Persona


def read_card(content: bytes) -> Persona:
    """Return the persona of a card: JSON of V1, V2 or V3, or a PNG picture that holds one.

    Raises:
        CharacterFileError: it cannot be read; the message names the field or the chunk.
    """
    return read_png(content) if content.startswith(SIGNATURE) else read_json(content)


def write_card(persona: Persona, version: CardVersion) -> bytes:
    """Return the card as JSON. Raises CharacterFileError where JSON cannot say it."""
    return write_json(persona, version)
