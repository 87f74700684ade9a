"""Cards in pictures: base64 of their JSON in the PNG chunks `chara` (V1, V2) and `ccv3` (V3)."""

from __future__ import annotations

import base64
import binascii
import re
import zlib

from corral.core.errors import CharacterFileError
from corral.prompt.cards.chunks import Chunk, read_chunks, write_chunks
from corral.prompt.cards.document import CardVersion, read_json, write_json
from corral.prompt.cards.limits import MAX_FILE_BYTES, MAX_JSON_BYTES
from corral.prompt.cards.text_chunk import keyword, text, text_chunk
from corral.prompt.persona import Persona

_WORDS = {"ccv3": CardVersion.V3, "chara": CardVersion.V2}  # what is read first stands first
_BLANKS = re.compile(rb"[ \t\r\n]+")
_WIDTH, _HEIGHT = 256, 384  # of the plain picture


def read_png(picture: bytes) -> Persona:
    """Return the persona of the card in a picture.

    Raises:
        CharacterFileError: the picture is damaged, holds no card, or one that cannot be read.
    """
    found = {keyword(chunk): chunk for chunk in reversed(read_chunks(picture))}
    for word in _WORDS:
        if word in found:
            return _read(word, text(found[word]))
    raise CharacterFileError(
        "the picture holds no character card: it has neither a `ccv3` nor a `chara` chunk"
    )


def write_png(persona: Persona, picture: bytes | None = None) -> bytes:
    """Return `picture` with the character in it as V2 and as V3, instead of who was in it.

    None: a plain picture is made. Its other chunks stay as they are.

    Raises:
        CharacterFileError: no PNG or a damaged one, or the character cannot be written.
    """
    chunks = read_chunks(_plain(persona.name) if picture is None else picture)
    *kept, end = (chunk for chunk in chunks if keyword(chunk) not in _WORDS)
    cards = [text_chunk(word, _packed(persona, version)) for word, version in reversed(_WORDS.items())]
    written = write_chunks([*kept, *cards, end])
    if len(written) > MAX_FILE_BYTES:
        raise CharacterFileError(f"the picture with the character is larger than {MAX_FILE_BYTES} bytes")
    return written


def _read(word: str, said: bytes) -> Persona:
    packed = _BLANKS.sub(b"", said).rstrip(b"=")
    try:
        content = base64.b64decode(packed + b"=" * (-len(packed) % 4), validate=True)
    except binascii.Error:
        raise CharacterFileError(f"the chunk `{word}` holds no base64") from None
    try:
        return read_json(content)
    except CharacterFileError as error:
        raise CharacterFileError(f"the chunk `{word}`: {error.message}") from None


def _packed(persona: Persona, version: CardVersion) -> bytes:
    content = write_json(persona, version)
    if len(content) > MAX_JSON_BYTES:
        raise CharacterFileError(f"the character takes more than {MAX_JSON_BYTES} bytes of JSON")
    return base64.b64encode(content)


def _plain(name: str) -> bytes:
    """Return a picture of one colour, which the name chooses."""
    hue = zlib.crc32(name.encode())
    colour = bytes(64 + (hue >> shift) % 128 for shift in (0, 8, 16))
    header = _WIDTH.to_bytes(4, "big") + _HEIGHT.to_bytes(4, "big") + bytes([8, 2, 0, 0, 0])  # 8 bit, RGB
    rows = (b"\0" + colour * _WIDTH) * _HEIGHT
    return write_chunks([Chunk(b"IHDR", header), Chunk(b"IDAT", zlib.compress(rows, 9)), Chunk(b"IEND", b"")])
