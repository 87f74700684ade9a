"""A sampler chain of llama.cpp for one sequence."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Sequence as Items
from typing import Any

import llama_cpp
import numpy as np

from corral.core.sampling import SamplingParams
from corral.engine.llama.buffers import Logits
from corral.engine.radix import Tokens

_MIROSTAT_M = 100  # the window of Mirostat 1 that llama-server uses

Pointer = Any  # llama_vocab *
Link = Any  # llama_sampler *


class LlamaSampler:
    """Owner of a chain: logit bias, penalties, the samplers in their order, then the draw.

    `is_argmax`: it takes the largest logit after bias, which needs no chain and no copy of the vocabulary.
    """

    def __init__(
        self,
        vocabulary: Pointer,
        n_ctx: int,
        params: SamplingParams,
        seed: int,
        bias: Items[tuple[int, float]],
    ) -> None:
        self.n_probs = params.n_probs
        self._n_memory = _n_remembered(params, n_ctx)
        self.is_argmax = params.temperature <= 0 and not self._n_memory and not params.n_probs
        self.pointer = None
        if self.is_argmax:
            self._bias_ids = np.array([token for token, _ in bias], np.int64)
            self._bias = np.array([offset for _, offset in bias], np.float32)
        else:
            self.pointer = _chain(_links(vocabulary, n_ctx, params, seed, bias))

    def argmax(self, logits: Logits) -> int:
        """Return the token of largest logit after bias, which is added to the row [n_vocab] in place."""
        if len(self._bias):
            logits[self._bias_ids] += self._bias
        return int(logits.argmax())

    def accept(self, tokens: Tokens) -> None:
        """Tell penalties and DRY what came before; others remember nothing."""
        if self._n_memory:
            for token in tokens[-self._n_memory :]:
                llama_cpp.llama_sampler_accept(self.pointer, int(token))

    def close(self) -> None:
        """Free the chain and its links."""
        if self.pointer is not None:
            llama_cpp.llama_sampler_free(self.pointer)


def _chain(links: Iterable[Link]) -> Link:
    chain = llama_cpp.llama_sampler_chain_init(llama_cpp.llama_sampler_chain_default_params())
    for link in links:
        llama_cpp.llama_sampler_chain_add(chain, link)
    return chain


def _n_remembered(params: SamplingParams, n_ctx: int) -> int:
    """Return how many last tokens the chain looks at."""
    has_penalty = (params.repeat_penalty, params.presence_penalty, params.frequency_penalty) != (
        1.0,
        0.0,
        0.0,
    )
    n_penalty = _window(params.repeat_last_n, n_ctx) if has_penalty else 0
    n_dry = _window(params.dry_penalty_last_n, n_ctx) if params.dry_multiplier > 0 else 0
    return max(n_penalty, n_dry)


def _window(n_last: int, n_ctx: int) -> int:
    """-1 means the whole context; the C call would take it for 0."""
    return n_ctx if n_last < 0 else n_last


def _links(
    vocabulary: Pointer,
    n_ctx: int,
    params: SamplingParams,
    seed: int,
    bias: Items[tuple[int, float]],
) -> Iterator[Link]:
    """Yield the links in order."""
    n_vocab = llama_cpp.llama_vocab_n_tokens(vocabulary)
    if bias:
        yield _bias_link(n_vocab, bias)
    if _n_remembered(params, n_ctx):
        yield llama_cpp.llama_sampler_init_penalties(
            n_vocab,
            _window(params.repeat_last_n, n_ctx),
            params.repeat_penalty,
            params.frequency_penalty,
            params.presence_penalty,
        )
    if params.temperature <= 0:
        yield llama_cpp.llama_sampler_init_greedy()
    elif params.mirostat:
        yield from _mirostat_links(n_vocab, params, seed)
    else:
        for name in params.samplers:
            if (make := _SAMPLERS.get(name)) and (link := make(params, vocabulary, n_ctx, seed)) is not None:
                yield link
        yield llama_cpp.llama_sampler_init_dist(seed)


def _bias_link(n_vocab: int, bias: Items[tuple[int, float]]) -> Link:
    array = (llama_cpp.llama_logit_bias * len(bias))(*(llama_cpp.llama_logit_bias(t, b) for t, b in bias))
    return llama_cpp.llama_sampler_init_logit_bias(n_vocab, len(bias), array)


def _mirostat_links(n_vocab: int, params: SamplingParams, seed: int) -> Iterator[Link]:
    tau, eta = params.mirostat_tau, params.mirostat_eta
    yield llama_cpp.llama_sampler_init_temp(params.temperature)
    if params.mirostat == 1:
        yield llama_cpp.llama_sampler_init_mirostat(n_vocab, seed, tau, eta, _MIROSTAT_M)
    else:
        yield llama_cpp.llama_sampler_init_mirostat_v2(seed, tau, eta)


# Each returns None where its parameters switch it off: a chain pays only for links that do something.


def _dry(params: SamplingParams, vocabulary: Pointer, n_ctx: int, _seed: int) -> Link | None:
    if params.dry_multiplier <= 0 or params.dry_base < 1:
        return None
    breakers = [text.encode() for text in params.dry_sequence_breakers]
    return llama_cpp.llama_sampler_init_dry(
        vocabulary,
        params.dry_multiplier,
        params.dry_base,
        params.dry_allowed_length,
        _window(params.dry_penalty_last_n, n_ctx),
        (ctypes.c_char_p * len(breakers))(*breakers),
        len(breakers),
    )


def _top_n_sigma(params: SamplingParams, *_: object) -> Link | None:
    return llama_cpp.llama_sampler_init_top_n_sigma(params.top_n_sigma) if params.top_n_sigma > 0 else None


def _top_k(params: SamplingParams, *_: object) -> Link | None:
    return llama_cpp.llama_sampler_init_top_k(params.top_k) if params.top_k > 0 else None


def _typical(params: SamplingParams, *_: object) -> Link | None:
    if params.typical_p >= 1:
        return None
    return llama_cpp.llama_sampler_init_typical(params.typical_p, params.min_keep)


def _top_p(params: SamplingParams, *_: object) -> Link | None:
    return llama_cpp.llama_sampler_init_top_p(params.top_p, params.min_keep) if params.top_p < 1 else None


def _min_p(params: SamplingParams, *_: object) -> Link | None:
    return llama_cpp.llama_sampler_init_min_p(params.min_p, params.min_keep) if params.min_p > 0 else None


def _xtc(params: SamplingParams, _vocabulary: object, _n_ctx: int, seed: int) -> Link | None:
    if params.xtc_probability <= 0:
        return None
    return llama_cpp.llama_sampler_init_xtc(
        params.xtc_probability, params.xtc_threshold, params.min_keep, seed
    )


def _temperature(params: SamplingParams, *_: object) -> Link | None:
    return llama_cpp.llama_sampler_init_temp_ext(
        params.temperature, params.dynatemp_range, params.dynatemp_exponent
    )


_SAMPLERS: dict[str, Callable[[SamplingParams, Any, int, int], Link | None]] = {
    "dry": _dry,
    "top_n_sigma": _top_n_sigma,
    "top_k": _top_k,
    "typ_p": _typical,
    "top_p": _top_p,
    "min_p": _min_p,
    "xtc": _xtc,
    "temperature": _temperature,
}
