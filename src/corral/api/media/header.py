"""What an image file says of itself, read before any pixel is decoded: a few bytes may claim gigabytes."""

from __future__ import annotations

import io
import struct

from corral.core.errors import InvalidRequestError
from corral.core.image_formats import BROKEN_IMAGE, IMAGE_FORMATS
from corral.core.request import Media
from corral.core.settings import MediaAccess

MAX_ASPECT = 100  # width to height or the other way; beyond it an encoder would shrink one side to nothing


def n_pixels(content: bytes, name: str, access: MediaAccess) -> int:
    """Return the pixels of an image that may be decoded, 0 for sound. Raises InvalidRequestError."""
    if len(content) > access.max_bytes:
        raise InvalidRequestError(f"Field '{name}': the image is larger than {access.max_bytes} bytes")
    if Media(content).is_sound:
        return 0
    width, height = _size(content, name)
    if width * height > access.max_pixels:
        raise InvalidRequestError(
            f"Field '{name}': the image has {width} x {height} pixels; at most {access.max_pixels} are served"
        )
    if max(width, height) > MAX_ASPECT * min(width, height):
        raise InvalidRequestError(
            f"Field '{name}': an image of {width} x {height} pixels is too narrow; "
            f"one side may be {MAX_ASPECT} times as long as the other"
        )
    if _has_more_frames(content, access.max_images):
        raise InvalidRequestError(f"Field '{name}': the animation has more than {access.max_images} frames")
    return width * height


def _size(content: bytes, name: str) -> tuple[int, int]:
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return _webp_size(content, name)  # Pillow would make room for all pixels when it opens the file
    from PIL import Image  # noqa: PLC0415 - a tenth of a second that only images need

    Image.MAX_IMAGE_PIXELS = None  # our limit is `max_pixels`
    try:
        with Image.open(io.BytesIO(content), formats=IMAGE_FORMATS) as image:
            return image.size
    except BROKEN_IMAGE:
        raise _unreadable(name) from None


def _webp_size(content: bytes, name: str) -> tuple[int, int]:
    """Return the canvas of a WebP file (RFC 9649, sections 2.5 to 2.7)."""
    kind, body = content[12:16], content[20:30]
    if len(body) == 10 and kind == b"VP8X":
        return 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")
    if len(body) == 10 and kind == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if len(body) == 10 and kind == b"VP8 " and body[3:6] == b"\x9d\x01\x2a":
        width, height = struct.unpack("<HH", body[6:10])
        if width & 0x3FFF and height & 0x3FFF:
            return width & 0x3FFF, height & 0x3FFF
    raise _unreadable(name)


def _unreadable(name: str) -> InvalidRequestError:
    formats = ", ".join(IMAGE_FORMATS)
    return InvalidRequestError(f"Field '{name}': not an image that can be read; these can: {formats}")


def _has_more_frames(content: bytes, n_most: int) -> bool:
    """Return whether an animation has more than `n_most` pictures, looking no further than it must."""
    if content[:4] == b"GIF8":
        return _has_more_gif_frames(content, n_most)
    if content[:4] == b"RIFF":
        return content.count(b"ANMF") > n_most
    if content[:8] == b"\x89PNG\r\n\x1a\n":
        at = content.find(b"acTL", 8, 4096)
        return at > 0 and int.from_bytes(content[at + 4 : at + 8], "big") > n_most
    return False


def _has_more_gif_frames(content: bytes, n_most: int) -> bool:
    """Walk the blocks of a GIF (GIF89a specification, sections 17 to 27); what is cut off has no more."""
    at = 13 + _palette_bytes(content[10])
    n_frames = 0
    while at < len(content):
        match content[at]:
            case 0x2C:  # an image
                n_frames += 1
                if n_frames > n_most:
                    return True
                if at + 10 >= len(content):
                    return False
                at = _after_blocks(content, at + 11 + _palette_bytes(content[at + 9]))
            case 0x21:  # an extension
                at = _after_blocks(content, at + 2)
            case _:  # the end, or garbage
                return False
    return False


def _palette_bytes(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _after_blocks(content: bytes, at: int) -> int:
    while at < len(content) and content[at]:
        at += content[at] + 1
    return at + 1
