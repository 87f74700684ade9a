"""How vectors are written: the shapes that clients of llama-server and of OpenAI read. Pure."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from corral.api.embedding.normalise import Vectors

Item = dict[str, Any]

_encode = msgspec.json.Encoder().encode


class Written(msgspec.Struct, frozen=True):
    """The vectors of one input as JSON values, and in which format."""

    vectors: list[msgspec.Raw | str]
    is_base64: bool

    @property
    def marks(self) -> dict[str, str]:
        """What tells a client that the vectors are not numbers."""
        return {"encoding_format": "base64"} if self.is_base64 else {}


def written(vectors: Vectors, *, is_base64: bool) -> Written:
    """Return `vectors` [n, width] as arrays of numbers, or as base64 of their little-endian float32."""
    if is_base64:
        raw = vectors.astype("<f4")
        return Written([base64.b64encode(vector.tobytes()).decode() for vector in raw], is_base64=True)
    return Written([msgspec.Raw(_encode(vector.tolist())) for vector in vectors], is_base64=False)


def by_path(inputs: list[Written]) -> list[Item]:
    """Return the newest native shape: always an array, and in it an array of vectors for each input."""
    return [{"index": i, "embedding": item.vectors, **item.marks} for i, item in enumerate(inputs)]


def by_content(inputs: list[Written]) -> Item | list[Item]:
    """Return the native shape since 2023: one object, or an array of them where several inputs were given."""
    items = [{"embedding": item.vectors[0], "index": i, **item.marks} for i, item in enumerate(inputs)]
    return items[0] if len(items) == 1 else items


def openai_list(inputs: list[Written], model: str, n_tokens: int) -> Item:
    """Return OpenAI's list."""
    return {
        "model": model,
        "object": "list",
        "usage": {"prompt_tokens": n_tokens, "total_tokens": n_tokens},
        "data": [
            {"embedding": item.vectors[0], "index": i, "object": "embedding", **item.marks}
            for i, item in enumerate(inputs)
        ],
    }
