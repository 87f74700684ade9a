"""How the next token is chosen: one frozen struct per request, in the terms of llama.cpp."""

from __future__ import annotations

import msgspec

MAX_BIAS = 1e5  # beats any logit; llama.cpp sorts by int(6.4 * logit), which must not overflow
# The order of today's llama-server, with tail-free sampling where that of Oct 2024 had it. What is off by
# default (DRY, top-n-sigma, XTC, tail-free) leaves the order of both.
DEFAULT_SAMPLERS = (
    "penalties",
    "dry",
    "top_n_sigma",
    "top_k",
    "tfs_z",
    "typ_p",
    "top_p",
    "min_p",
    "xtc",
    "temperature",
)


class MuseParams(msgspec.Struct, frozen=True, kw_only=True):
    """The `n_top` most probable tokens are made less so, by `damp` (1: not at all), at last.

    From `damp_initial` it goes to `damp` in `n_ramp` tokens. The defaults are llama-api's.
    """

    n_top: int = 3
    damp: float = 0.9
    damp_initial: float = 1.0
    n_ramp: int = 32


class SamplingParams(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The sampler chain of one request. Meanings and ranges as in llama.h.

    `temperature` <= 0 takes the most probable token after bias and penalties. `seed` None draws one.
    `n_probs` > 0 asks for the probabilities of that many alternatives for each token.
    `samplers` is the chain in the names of `core.sampler_names`; penalties that it does not name stand in
    front of it, and Muse behind penalties. `is_newline_penalized` False: penalties spare the line feed.
    `repeat_sustain` None: `repeat_penalty` is for the last `repeat_last_n` tokens, as in llama.cpp. Else,
    as in ExLlama, the last `repeat_sustain` (-1: all) get it in full, and over the `repeat_decay` before them
    it falls linearly to 1; frequency and presence penalties keep the window of `repeat_last_n`.
    `logit_bias` pairs a token id, or a text whose every token is meant, with an offset (-inf: never).
    """

    seed: int | None = None
    temperature: float = 0.8
    dynatemp_range: float = 0.0
    dynatemp_exponent: float = 1.0
    top_k: int = 40
    top_p: float = 0.95
    min_p: float = 0.05
    tfs_z: float = 1.0
    typical_p: float = 1.0
    top_n_sigma: float = -1.0
    xtc_probability: float = 0.0
    xtc_threshold: float = 0.1
    repeat_last_n: int = 64
    repeat_penalty: float = 1.0
    repeat_sustain: int | None = None
    repeat_decay: int = 0
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    is_newline_penalized: bool = False
    dry_multiplier: float = 0.0
    dry_base: float = 1.75
    dry_allowed_length: int = 2
    dry_penalty_last_n: int = 64
    dry_sequence_breakers: tuple[str, ...] = ("\n", ":", '"', "*")
    mirostat: int = 0
    mirostat_tau: float = 5.0
    mirostat_eta: float = 0.1
    muse: MuseParams | None = None
    adaptive_target: float = -1.0
    adaptive_decay: float = 0.9
    min_keep: int = 0
    samplers: tuple[str, ...] = DEFAULT_SAMPLERS
    logit_bias: tuple[tuple[int | str, float], ...] = ()
    ignore_eos: bool = False
    n_probs: int = 0
