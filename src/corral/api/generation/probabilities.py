"""Token probabilities on the wire: llama-server's older and newer shapes in one item, and OpenAI's.

Older keys: `content`, `probs` (after the sampler chain). Newer: `id`, `token`, `bytes`, `logprob`,
`top_logprobs` (log-softmax of the raw logits), or `prob`, `top_probs` with `post_sampling_probs`.
"""

from __future__ import annotations

import math
from typing import Any

import msgspec

from corral.api.generation.answer import Answer
from corral.api.generation.numbers import FLOAT32_MAX, float32
from corral.core.outcome import Candidate, FinishReason, TokenProbs


class ProbsShape(msgspec.Struct, frozen=True):
    """How many alternatives to show, and whether the newer keys show them after the sampler chain."""

    n_shown: int
    is_post_sampling: bool = False


def items(probs: list[TokenProbs], shape: ProbsShape, before: bytes = b"") -> list[dict[str, Any]]:
    """Return one item per token; tokens that end inside a character have none.

    `before` holds the last bytes of the tokens that came earlier.
    """
    shown = []
    for entry in probs:
        before = (before + entry.piece)[-4:]
        if not is_cut(before):
            shown.append({**_older(entry, shape.n_shown), **newer(entry, shape)})
    return shown


def newer(entry: TokenProbs, shape: ProbsShape) -> dict[str, Any]:
    """Return one token's item in the newer keys, which are OpenAI's chat logprobs too."""
    if shape.is_post_sampling:
        top = [{**_token(found), "prob": float32(found.value)} for found in _choice_of(entry, shape.n_shown)]
        return {**_token(entry), "prob": float32(entry.prob), "top_probs": top}
    top = [{**_token(found), "logprob": _logprob(found.value)} for found in entry.top[: shape.n_shown]]
    return {**_token(entry), "logprob": _logprob(entry.logprob), "top_logprobs": top}


def legacy(probs: list[TokenProbs], n_shown: int, text_offset: int) -> dict[str, Any]:
    """Return OpenAI's completions logprobs; `text_offset` is where in the text the first token begins."""
    tokens = [text_of(entry.piece) for entry in probs]
    offsets = []
    for token in tokens:
        offsets.append(text_offset)
        text_offset += len(token)
    return {
        "tokens": tokens,
        "token_logprobs": [_logprob(entry.logprob) for entry in probs],
        "top_logprobs": [
            {text_of(found.piece): _logprob(found.value) for found in entry.top[:n_shown]} for entry in probs
        ],
        "text_offset": offsets,
    }


def kept(answer: Answer) -> list[TokenProbs]:
    """Return the probabilities of the tokens that the text shows: a stop string's own are cut off."""
    probs = answer.probs
    if answer.closed().reason is not FinishReason.STOP:
        return probs
    n_excess = sum(len(entry.piece) for entry in probs) - len(answer.text.encode())
    n_kept = len(probs)
    while n_kept and 0 < len(probs[n_kept - 1].piece) <= n_excess:
        n_kept -= 1
        n_excess -= len(probs[n_kept].piece)
    return probs[:n_kept]


def is_cut(tail: bytes) -> bool:
    """Tell whether bytes end inside a UTF-8 character (RFC 3629: the first byte says how many follow)."""
    for n_seen, byte in enumerate(reversed(tail[-4:]), start=1):
        if byte & 0xC0 != 0x80:
            n_needed = 4 if byte >= 0xF0 else 3 if byte >= 0xE0 else 2 if byte >= 0xC0 else 1
            return n_seen < n_needed
    return False


def text_of(piece: bytes) -> str:
    """Return a token's text, with U+FFFD for what is no whole character."""
    return piece.decode("utf-8", "replace")


def _choice_of(entry: TokenProbs, n_shown: int) -> list[Candidate]:
    """Return the candidates that could have been chosen, best first.

    Where the best one is taken though others survived (temperature 0), they are shown with 0, as
    llama-server's temperature sampler once left them.
    """
    is_greedy = entry.prob == 1 and any(found.value < 1 for found in entry.sampled[:1])
    if not is_greedy:
        return [found for found in entry.sampled[:n_shown] if found.value > 0]
    others = [Candidate(found.token, found.piece, 0.0) for found in entry.top if found.token != entry.token]
    return [Candidate(entry.token, entry.piece, 1.0), *others][:n_shown]


def _older(entry: TokenProbs, n_shown: int) -> dict[str, Any]:
    seen = {found.token for found in entry.sampled}
    gone = [Candidate(found.token, found.piece, 0.0) for found in entry.top if found.token not in seen]
    candidates = [*entry.sampled, *gone][:n_shown]
    probs = [{"tok_str": _older_text(found.piece), "prob": float32(found.value)} for found in candidates]
    return {"content": _older_text(entry.piece), "probs": probs}


def _older_text(piece: bytes) -> str:
    """Return a token's text; a lone byte of a longer character is named."""
    if len(piece) == 1 and piece[0] >= 0x80:
        return f"byte: \\x{piece[0]:02x}"
    return text_of(piece)


def _token(entry: TokenProbs | Candidate) -> dict[str, Any]:
    return {"id": entry.token, "token": text_of(entry.piece), "bytes": list(entry.piece)}


def _logprob(value: float) -> float:
    """Return a float32; JSON has no minus infinity, the lowest float32 stands for it."""
    return -FLOAT32_MAX if math.isnan(value) else float32(value)
