"""A character's file of whichever kind: Corral's YAML, or a character card as JSON or in a picture."""

from __future__ import annotations

from corral.core.errors import CharacterFileError
from corral.prompt.cards.card import read_card
from corral.prompt.cards.chunks import SIGNATURE
from corral.prompt.cards.limits import MAX_FILE_BYTES
from corral.prompt.characters.yaml import read_yaml
from corral.prompt.persona import Persona

# How files begin that people take for cards.
_OTHERS = {
    b"\xff\xd8\xff": "a JPEG picture; character cards are read from PNG files",
    b"RIFF": "a WebP picture; character cards are read from PNG files",
    b"GIF8": "a GIF picture; character cards are read from PNG files",
    b"PK\x03\x04": "a ZIP archive (CHARX?); save the character as PNG or JSON",
}


def read_character(content: bytes, name: str) -> Persona:
    """Return the persona in a file. What kind it is, its content says; `name` is for messages only.

    Raises:
        CharacterFileError: it is none of the kinds, or cannot be read; the message names file and field.
    """
    try:
        return _read(content)
    except CharacterFileError as error:
        raise CharacterFileError(f"{name}: {error.message}") from None


def _read(content: bytes) -> Persona:
    if len(content) > MAX_FILE_BYTES:
        raise CharacterFileError(f"the file is larger than {MAX_FILE_BYTES} bytes")
    if content.startswith(SIGNATURE):
        return read_card(content)
    for start, kind in _OTHERS.items():
        if content.startswith(start):
            raise CharacterFileError(f"this is {kind}")
    text = content.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not text:
        raise CharacterFileError("the file is empty")
    return read_card(content) if text[:1] in (b"{", b"[") else read_yaml(content)
