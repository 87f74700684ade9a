"""Images inside a request's body: base64, alone or in a data: address. Pure."""

from __future__ import annotations

import base64
import binascii

from corral.core.errors import InvalidRequestError


def from_base64(text: str, name: str) -> bytes:
    """Return the bytes of `text`. Raises InvalidRequestError with the field's name."""
    stripped = "".join(text.split())
    try:
        content = base64.b64decode(stripped + "=" * (-len(stripped) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise InvalidRequestError(f"Field '{name}': not valid base64") from None
    if not content:
        raise InvalidRequestError(f"Field '{name}': the image is empty")
    return content


def from_data_url(url: str, name: str, kind: str = "image") -> bytes:
    """Return the bytes of `data:image/...;base64,...` (or of another `kind`). Raises InvalidRequestError."""
    head, comma, data = url.partition(",")
    if not comma:
        raise InvalidRequestError(f"Field '{name}': Invalid uri-encoded base64 value")
    if not head.startswith(f"data:{kind}/"):
        raise InvalidRequestError(
            f"Field '{name}': Invalid uri format: {head[:64]}; expected data:{kind}/..."
        )
    if not head.endswith(";base64"):
        raise InvalidRequestError(f"Field '{name}': uri must be base64 encoded")
    return from_base64(data, name)
