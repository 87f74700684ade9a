"""One generation asked of the engine."""

from __future__ import annotations

import msgspec

from corral.core.sampling import SamplingParams
from corral.core.structure import Structure


class Media(msgspec.Struct, frozen=True):
    """An image (or sound) inside a prompt: the bytes of its file, and what the client called it."""

    content: bytes
    name: str = "image"

    @property
    def is_sound(self) -> bool:
        """Whether it is a WAV file."""
        return self.content[:4] == b"RIFF" and self.content[8:12] == b"WAVE"


TextPiece = str | list[int]
Piece = TextPiece | Media


class Guidance(msgspec.Struct, frozen=True, kw_only=True):
    """Classifier-free guidance: by how much the answer keeps away from what the prompt `negative` gives.

    `scale` 1: not at all. An empty `negative` stands for no prompt.
    """

    scale: float
    negative: list[TextPiece] = []


class Thinking(msgspec.Struct, frozen=True, kw_only=True):
    """How many tokens the model may think for: `n_tokens` between the texts `begin` and `end`.

    After them `closing`, the text that ends the thinking, is put in. `is_open`: the prompt has begun it.
    """

    n_tokens: int
    begin: str
    end: str
    closing: str
    is_open: bool = False


class DraftLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What one request wants of drafts; None: what the server has (`DraftSettings`)."""

    n_max: int | None = None
    n_min: int | None = None
    p_min: float | None = None


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
    `n_keep` None keeps the whole prompt. `max_predict_ms` counts from the first token and ends the answer
    once it has a line break. `n_indent` > 0 ends it at a line that begins with fewer blanks. The special
    tokens `shown_tokens` appear in the answer's text. `is_progress_wanted`: each step of the prompt is told.
    `is_streamed` is for those who look at it only: the client reads the answer as it comes. With `guidance`
    each of the n answers takes two seq_ids. Where callers compete, `weight` is the caller's share of the
    engine, and a higher `priority` goes before a lower one whoever sent it.
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
    weight: float = 1.0
    priority: int = 0
    structure: Structure | None = None
    loras: tuple[tuple[int, float], ...] | None = None
    is_streamed: bool = False
    n_indent: int = 0
    shown_tokens: tuple[str, ...] = ()
    thinking: Thinking | None = None
    guidance: Guidance | None = None
    is_progress_wanted: bool = False
    drafts: DraftLimits = DraftLimits()
