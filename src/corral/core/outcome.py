"""What a request gives back: tokens as they come, and how each sequence ended."""

from __future__ import annotations

import enum

import msgspec


class FinishReason(enum.Enum):
    """Why a sequence ended."""

    EOS = "eos"  # the model said so: an end-of-generation token
    STOP = "stop"  # one of the request's stop strings
    LENGTH = "length"  # max_tokens, the time limit, or the context is full
    CANCELLED = "cancelled"  # the client left or said so
    ABORTED = "aborted"  # the server is stopping


class Candidate(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One possible token: its id, its bytes, and a log-probability or probability."""

    token: int
    piece: bytes
    value: float


class TokenProbs(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Probabilities around one generated token.

    `logprob` and `top` (best first, at most n_probs) come from the raw logits, as log-probabilities.
    `sampled` (best first, at most n_probs) are the probabilities that the sampler chain left, and `prob`
    that of the token itself: 1 where the most probable one is taken, though `sampled` then shows all.
    """

    token: int
    piece: bytes
    logprob: float
    top: list[Candidate]
    sampled: list[Candidate]
    prob: float = 0.0


class SequenceStart(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A sequence got its seq_id. `n_cached` of its `n_prompt_tokens` need no evaluation.

    `is_truncated`: the prompt was cut to fit. `n_prompt_tokens` counts after the cut. `companion_slot`: the
    seq_id that a guided sequence takes besides.
    """

    request_id: str
    index: int
    slot: int
    n_prompt_tokens: int
    n_cached: int
    seed: int
    is_truncated: bool
    companion_slot: int | None = None


class PromptProgress(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How much of a prompt is in KV memory: `n_done` of `n_prompt_tokens`, `n_cached` of them from the cache.

    `elapsed_ms` counts from admission.
    """

    request_id: str
    index: int
    n_prompt_tokens: int
    n_cached: int
    n_done: int
    elapsed_ms: float


class SequenceEnd(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How a sequence ended, with its counts and its times in milliseconds.

    `prompt_ms` runs from admission to the first sampled token, `predicted_ms` from there to the end.
    `n_past` is the number of tokens in KV memory at the end. `n_drafted` tokens were guessed ahead, of which
    the sampler chose `n_drafted_accepted` too.
    """

    reason: FinishReason
    stop_text: str
    n_prompt_tokens: int
    n_cached: int
    n_predicted: int
    n_past: int
    prompt_ms: float
    predicted_ms: float
    is_truncated: bool
    slot: int
    seed: int
    n_drafted: int = 0
    n_drafted_accepted: int = 0


class SequenceOutput(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What one step gave one sequence.

    `text` never ends inside a character and never contains a stop string; it may be empty while a possible
    stop string is held back. Concatenated over all outputs it is the whole answer. `end` is set on the last.
    """

    request_id: str
    index: int
    text: str
    tokens: list[int]
    probs: list[TokenProbs]
    end: SequenceEnd | None
