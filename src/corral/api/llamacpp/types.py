"""Bodies that llama-server's clients send. Absent and null mean the default."""

from __future__ import annotations

from typing import Any

import msgspec

from corral.api.generation.fields import GenerationFields, Whole


class CompletionBody(GenerationFields, kw_only=True):
    """POST /completion: `prompt` in any of its forms, and the options."""

    prompt: Any = None
    logprobs: Whole = None


class TokenizeBody(msgspec.Struct):
    """POST /tokenize: text, or an array of texts and token ids."""

    content: str | list[int | str] | None = None
    add_special: bool | None = None
    parse_special: bool | None = None
    with_pieces: bool | None = None


class DetokenizeBody(msgspec.Struct):
    """POST /detokenize."""

    tokens: list[int] | None = None


class PropsBody(msgspec.Struct):
    """POST /props."""

    system_prompt: str | None = None


class SlotFileBody(msgspec.Struct):
    """POST /slots/{id_slot} with action save or restore."""

    filename: str | None = None
