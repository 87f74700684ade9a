"""Text in PNG files: tEXt, zTXt and iTXt chunks (PNG specification, section 11.3.3)."""

from __future__ import annotations

import zlib

from corral.core.errors import CharacterFileError
from corral.prompt.cards.chunks import Chunk
from corral.prompt.cards.limits import MAX_TEXT_CHUNK_BYTES

KINDS = (b"tEXt", b"zTXt", b"iTXt")


def keyword(chunk: Chunk) -> str | None:
    """Return the keyword of a text chunk in small letters, None of another one."""
    if chunk.kind not in KINDS:
        return None
    return chunk.content[:80].partition(b"\0")[0].decode("latin-1").lower()


def text(chunk: Chunk) -> bytes:
    """Return what a text chunk says, unpacked.

    Raises:
        CharacterFileError: it is damaged, packed in an unknown way, or longer than a card can be.
    """
    _, _, rest = chunk.content.partition(b"\0")
    match chunk.kind:
        case b"zTXt":
            return _unpacked(rest[1:], rest[:1], chunk)
        case b"iTXt":
            is_packed, method = rest[:1], rest[1:2]
            said = rest[2:].partition(b"\0")[2].partition(b"\0")[2]  # behind language and translated keyword
            return _unpacked(said, method, chunk) if is_packed == b"\1" else _bounded(said, chunk)
        case _:
            return _bounded(rest, chunk)


def text_chunk(word: str, said: bytes) -> Chunk:
    """Return a tEXt chunk."""
    return Chunk(b"tEXt", word.encode("latin-1") + b"\0" + said)


def _unpacked(packed: bytes, method: bytes, chunk: Chunk) -> bytes:
    """Unpack at most as much as a card can be, however much there is."""
    if method != b"\0":
        raise CharacterFileError(f"the {_name(chunk)} is packed in an unknown way")
    stream = zlib.decompressobj()
    try:
        said = stream.decompress(packed, MAX_TEXT_CHUNK_BYTES + 1)
    except zlib.error:
        raise CharacterFileError(f"the {_name(chunk)} cannot be unpacked") from None
    if not stream.eof and len(said) <= MAX_TEXT_CHUNK_BYTES:
        raise CharacterFileError(f"the {_name(chunk)} is cut off")
    return _bounded(said, chunk)


def _bounded(said: bytes, chunk: Chunk) -> bytes:
    if len(said) > MAX_TEXT_CHUNK_BYTES:
        raise CharacterFileError(f"the {_name(chunk)} holds more than {MAX_TEXT_CHUNK_BYTES} bytes")
    return said


def _name(chunk: Chunk) -> str:
    return f"{chunk.kind.decode()} chunk `{keyword(chunk)}`"
