"""The links of a sampler chain: which sampler of llama.cpp, or of ours, each name stands for.

Each maker returns None where the parameters switch it off: a chain pays only for links that do something.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import llama_cpp

from corral.core.sampling import SamplingParams
from corral.engine.llama.candidates import Candidates
from corral.engine.llama.sampled_model import SampledModel
from corral.engine.llama.tail_free import tail_free

_MIROSTAT_M = 100  # the window of Mirostat 1 that llama-server uses
_INFILL_AT_MOST = 256  # candidates; llama.cpp compares each with each, a whole vocabulary would take minutes
_LEAST_SHARE = 1e-6  # of the highest dynamic temperature
_IMPOSSIBLE = 1e-37  # a share of the best probability that float32 can still tell from 0

CLink = Any  # llama_sampler *
Step = Callable[[Candidates], None]  # a link in Python
Links = list[CLink | Step]


def links_of(name: str, model: SampledModel, params: SamplingParams, seed: int) -> Links:
    """Return what the sampler `name` is made of; nothing where it is off or stands elsewhere."""
    make = _MAKERS.get(name)
    return make(model, params, seed) if make else []


def dry(model: SampledModel, params: SamplingParams, _seed: int) -> Links:
    """Return the link that penalises repeating whole passages."""
    n_window = model.window(params.dry_penalty_last_n)
    if params.dry_multiplier <= 0 or params.dry_base < 1 or not n_window:
        return []
    return [model.dry_links.make(params, n_window)]


def selection(model: SampledModel, params: SamplingParams, seed: int) -> CLink:
    """Return the last link: it selects the token, with one draw."""
    if params.temperature <= 0:
        return llama_cpp.llama_sampler_init_greedy()
    tau, eta = params.mirostat_tau, params.mirostat_eta
    if params.mirostat == 1:
        return llama_cpp.llama_sampler_init_mirostat(model.n_vocab, seed, tau, eta, _MIROSTAT_M)
    if params.mirostat:
        return llama_cpp.llama_sampler_init_mirostat_v2(seed, tau, eta)
    if "adaptive_p" in params.samplers:
        return llama_cpp.llama_sampler_init_adaptive_p(params.adaptive_target, params.adaptive_decay, seed)
    return llama_cpp.llama_sampler_init_dist(seed)


def _top_n_sigma(_model: SampledModel, params: SamplingParams, _seed: int) -> Links:
    if params.top_n_sigma <= 0:
        return []
    return [llama_cpp.llama_sampler_init_top_n_sigma(params.top_n_sigma)]


def _top_k(_model: SampledModel, params: SamplingParams, _seed: int) -> Links:
    return [llama_cpp.llama_sampler_init_top_k(params.top_k)] if params.top_k > 0 else []


def _tail_free(_model: SampledModel, params: SamplingParams, _seed: int) -> Links:
    if params.tfs_z >= 1:
        return []
    return [partial(tail_free, z=params.tfs_z, min_keep=params.min_keep)]


def _typical(_model: SampledModel, params: SamplingParams, _seed: int) -> Links:
    if params.typical_p >= 1:
        return []
    return [
        _without_the_impossible(),
        llama_cpp.llama_sampler_init_typical(params.typical_p, params.min_keep),
    ]


def _top_p(_model: SampledModel, params: SamplingParams, _seed: int) -> Links:
    return [llama_cpp.llama_sampler_init_top_p(params.top_p, params.min_keep)] if params.top_p < 1 else []


def _min_p(_model: SampledModel, params: SamplingParams, _seed: int) -> Links:
    return [llama_cpp.llama_sampler_init_min_p(params.min_p, params.min_keep)] if params.min_p > 0 else []


def _xtc(_model: SampledModel, params: SamplingParams, seed: int) -> Links:
    if params.xtc_probability <= 0:
        return []
    chance, threshold = params.xtc_probability, params.xtc_threshold
    return [
        _without_the_impossible(),
        llama_cpp.llama_sampler_init_xtc(chance, threshold, params.min_keep, seed),
    ]


def _without_the_impossible() -> CLink:
    """Return a link that drops candidates of probability 0, which other links may have left.

    Typical's entropy would not be a number with them, and XTC at threshold 0 would choose one.
    """
    return llama_cpp.llama_sampler_init_min_p(_IMPOSSIBLE, 0)


def temperature(_model: SampledModel, params: SamplingParams, _seed: int) -> Links:
    """Return the link that divides by the temperature, which may follow the entropy."""
    middle, spread = params.temperature, params.dynatemp_range
    if spread > 0:
        high = middle + spread
        low = max(middle - spread, _LEAST_SHARE * high)  # at 0 a sure thing would divide by next to nothing
        middle, spread = (high + low) / 2, (high - low) / 2
    return [llama_cpp.llama_sampler_init_temp_ext(middle, spread, params.dynatemp_exponent)]


def _infill(model: SampledModel, _params: SamplingParams, _seed: int) -> Links:
    if not model.can_infill:
        return []
    return [
        llama_cpp.llama_sampler_init_top_k(_INFILL_AT_MOST),
        llama_cpp.llama_sampler_init_infill(model.vocabulary),
    ]


_MAKERS: dict[str, Callable[[SampledModel, SamplingParams, int], Links]] = {
    "dry": dry,
    "top_n_sigma": _top_n_sigma,
    "top_k": _top_k,
    "tfs_z": _tail_free,
    "typ_p": _typical,
    "top_p": _top_p,
    "min_p": _min_p,
    "xtc": _xtc,
    "temperature": temperature,
    "infill": _infill,
}
