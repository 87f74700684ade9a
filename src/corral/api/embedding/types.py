"""The body of every embeddings route; llama-server's and OpenAI's keys in one."""

from __future__ import annotations

from typing import Any

import msgspec

from corral.api.generation.fields import Whole

NOT_NORMALISED = -1


class EmbeddingBody(msgspec.Struct):
    """POST /embedding, /embeddings, /v1/embeddings. `input` or `content` in any of the forms of a prompt."""

    input: Any = None
    content: Any = None
    model: str | None = None
    encoding_format: str | None = None
    dimensions: Whole = None
    embd_normalize: Whole = None
