"""The chunks of a PNG file: length, type, content, CRC-32 (PNG specification, section 5)."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass

from corral.core.errors import CharacterFileError
from corral.prompt.cards.limits import MAX_CHUNKS, MAX_FILE_BYTES

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_FRAME_BYTES = 12  # of a chunk, besides its content


@dataclass(frozen=True)
class Chunk:
    """One chunk; `kind` has four letters."""

    kind: bytes
    content: bytes


def read_chunks(picture: bytes) -> list[Chunk]:
    """Return the chunks up to IEND; what stands behind it is no part of the picture.

    Raises:
        CharacterFileError: no PNG, cut off, damaged, or too large; the message names the chunk.
    """
    if len(picture) > MAX_FILE_BYTES:
        raise CharacterFileError(f"the picture is larger than {MAX_FILE_BYTES} bytes")
    if not picture.startswith(SIGNATURE):
        raise CharacterFileError("the picture is no PNG file")
    chunks: list[Chunk] = []
    at = len(SIGNATURE)
    while not chunks or chunks[-1].kind != b"IEND":
        if len(chunks) == MAX_CHUNKS:
            raise CharacterFileError(f"the picture has more than {MAX_CHUNKS} chunks")
        chunk = _chunk(picture, at, len(chunks) + 1)
        chunks.append(chunk)
        at += _FRAME_BYTES + len(chunk.content)
    if chunks[0].kind != b"IHDR":
        raise CharacterFileError("the picture does not begin with an IHDR chunk")
    return chunks


def write_chunks(chunks: Iterable[Chunk]) -> bytes:
    """Return the file of `chunks`."""
    return SIGNATURE + b"".join(map(_framed, chunks))


def _chunk(picture: bytes, at: int, number: int) -> Chunk:
    kind = picture[at + 4 : at + 8]
    if len(picture) < at + _FRAME_BYTES:
        raise CharacterFileError(f"the picture is cut off: chunk {number} of it is not whole")
    if not kind.isalpha():
        raise CharacterFileError(f"the picture is damaged: chunk {number} has no type")
    name = f"chunk {number} ({kind.decode()})"
    n_bytes = int.from_bytes(picture[at : at + 4], "big")
    if n_bytes > len(picture) - at - _FRAME_BYTES:
        raise CharacterFileError(f"the picture is cut off: {name} claims {n_bytes} bytes")
    end = at + 8 + n_bytes
    if zlib.crc32(picture[at + 4 : end]) != int.from_bytes(picture[end : end + 4], "big"):
        raise CharacterFileError(f"the picture is damaged: the CRC of {name} is wrong")
    return Chunk(kind, picture[at + 8 : end])


def _framed(chunk: Chunk) -> bytes:
    body = chunk.kind + chunk.content
    return len(chunk.content).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")
