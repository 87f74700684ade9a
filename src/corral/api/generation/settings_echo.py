"""`generation_settings`: what a request was run with, in llama-server's names and float32 values."""

from __future__ import annotations

import math
from typing import Any

from corral.api.generation.limits import UNTIL_FULL
from corral.api.generation.loras import in_force, to_wire
from corral.api.generation.numbers import float32
from corral.api.generation.sampling import RANDOM_SEED
from corral.core.messages import ModelFacts
from corral.core.request import GenerationRequest
from corral.core.sampling import SamplingParams

_WIRE_SAMPLERS = {"typ_p": "typical_p"}


def generation_settings(
    request: GenerationRequest,
    *,
    model: str,
    facts: ModelFacts,
    seed: int | None = None,
    is_stream: bool = False,
) -> dict[str, Any]:
    """Return the settings of `request`; `seed` is the one really used, None if none was drawn yet."""
    n_predict = _n_predict(request)
    asked = request.sampling.seed
    return {
        "n_ctx": facts.n_ctx,
        "n_predict": n_predict,
        "model": model,
        "seed": RANDOM_SEED if asked is None else asked,
        "seed_cur": _first(seed, asked, RANDOM_SEED),
        **_chain(request.sampling),
        **_llama_api(request),
        **_exllama(request.sampling),
        "stop": list(request.stop),
        "max_tokens": n_predict,
        "n_keep": -1 if request.n_keep is None else request.n_keep,
        "n_discard": request.n_discard,
        "ignore_eos": request.sampling.ignore_eos,
        "stream": is_stream,
        "n_probs": request.sampling.n_probs,
        "min_keep": request.sampling.min_keep,
        "grammar": request.structure.text if request.structure else "",
        "samplers": [_WIRE_SAMPLERS.get(name, name) for name in request.sampling.samplers],
        "logit_bias": _bias(request.sampling, facts.eog),
        "cache_prompt": request.is_cache_wanted,
        "t_max_predict_ms": -1 if request.max_predict_ms is None else request.max_predict_ms,
        "lora": to_wire(in_force(facts.loras) if request.loras is None else request.loras),
    }


def _bias(sampling: SamplingParams, eog: list[int]) -> list[dict[str, Any]]:
    """Return the offsets of tokens, None for minus infinity: so `ignore_eos` forbids all that ends a text."""
    shown = [
        {"bias": None if bias == -math.inf else float32(bias), "token": key}
        for key, bias in sampling.logit_bias
    ]
    return shown + [{"bias": None, "token": token} for token in eog if sampling.ignore_eos]


def _n_predict(request: GenerationRequest) -> int:
    if request.max_tokens is not None:
        return request.max_tokens
    return UNTIL_FULL if request.is_until_context_full else -1


def _llama_api(request: GenerationRequest) -> dict[str, Any]:
    """Return llama-api's options, where they are on: llama-server's clients do not expect them."""
    shown: dict[str, Any] = {}
    if request.sampling.muse is not None:
        muse = request.sampling.muse
        shown["muse"] = {
            "top_k": muse.n_top,
            "damp": float32(muse.damp),
            "damp_initial": float32(muse.damp_initial),
            "damp_ramp_tokens": muse.n_ramp,
        }
    if request.guidance is not None:
        shown["guidance_scale"] = float32(request.guidance.scale)
        shown["negative_prompt"] = request.guidance.negative
    return shown


def _exllama(sampling: SamplingParams) -> dict[str, Any]:
    """Return the reach of ExLlama's penalty, where it takes the place of llama.cpp's."""
    if sampling.repeat_sustain is None:
        return {}
    return {"repeat_sustain": sampling.repeat_sustain, "repeat_decay": sampling.repeat_decay}


def _first(*seeds: int | None) -> int:
    return next(seed for seed in seeds if seed is not None)


def _chain(sampling: SamplingParams) -> dict[str, Any]:
    return {
        "temperature": float32(sampling.temperature),
        "dynatemp_range": float32(sampling.dynatemp_range),
        "dynatemp_exponent": float32(sampling.dynatemp_exponent),
        "top_k": sampling.top_k,
        "top_p": float32(sampling.top_p),
        "min_p": float32(sampling.min_p),
        "tfs_z": float32(sampling.tfs_z),
        "typical_p": float32(sampling.typical_p),
        "top_n_sigma": float32(sampling.top_n_sigma),
        "xtc_probability": float32(sampling.xtc_probability),
        "xtc_threshold": float32(sampling.xtc_threshold),
        "repeat_last_n": sampling.repeat_last_n,
        "repeat_penalty": float32(sampling.repeat_penalty),
        "presence_penalty": float32(sampling.presence_penalty),
        "frequency_penalty": float32(sampling.frequency_penalty),
        "dry_multiplier": float32(sampling.dry_multiplier),
        "dry_base": float32(sampling.dry_base),
        "dry_allowed_length": sampling.dry_allowed_length,
        "dry_penalty_last_n": sampling.dry_penalty_last_n,
        "dry_sequence_breakers": list(sampling.dry_sequence_breakers),
        "mirostat": sampling.mirostat,
        "mirostat_tau": float32(sampling.mirostat_tau),
        "mirostat_eta": float32(sampling.mirostat_eta),
        "adaptive_target": float32(sampling.adaptive_target),
        "adaptive_decay": float32(sampling.adaptive_decay),
        "penalize_nl": sampling.is_newline_penalized,
        "backend_sampling": False,
    }
