"""One generation asked of the engine."""

from __future__ import annotations

import msgspec

from corral.core.sampling import SamplingParams
from corral.core.structure import Structure


class Media(msgspec.Struct, frozen=True):
    """An image (or sound) inside a prompt: the bytes of its file."""

    content: bytes


TextPiece = str | list[int]
Piece = TextPiece | Media


class GenerationRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A prompt, how to continue it, and when to stop.

    `prompt` is a list of pieces, text, token ids or media, tokenized one by one and
    joined. BOS is put first when `is_bos_wanted`, the first piece is text and the model asks for it (never
    twice). `has_special` says whether special-token text inside text pieces is read as such tokens.
    `structure` is the rule that the answer keeps to. `loras` pairs adapter ids with scales for this request
    alone; those not named are off. None: the scales in force.
    `max_tokens` None: until the model ends it (or the training context is reached); 0: only fill the cache.
    `is_until_context_full` is llama.cpp's n_predict -2: stop at the end of the context, never shift.
    `slot` pins the request to one seq_id. `n_keep` and `n_discard` steer truncation and context shift;
    `n_keep` None keeps the whole prompt.
    """

    request_id: str
    prompt: list[Piece]
    is_bos_wanted: bool = True
    has_special: bool = True
    n: int = 1
    sampling: SamplingParams = SamplingParams()
    max_tokens: int | None = None
    is_until_context_full: bool = False
    max_predict_ms: float | None = None
    stop: tuple[str, ...] = ()
    n_keep: int | None = 0
    n_discard: int = 0
    slot: int | None = None
    is_cache_wanted: bool = True
    caller: str = ""
    structure: Structure | None = None
    loras: tuple[tuple[int, float], ...] | None = None
