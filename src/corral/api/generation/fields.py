"""The options of a generation as llama-server's clients write them; the OpenAI routes take them too.

Absent and null mean the server's default. Numbers that should be whole may come as 40.0. Ranges and
meanings: llama-server's README, "POST /completion"; `muse`, `guidance_scale`, `negative_prompt` and the three
names behind them are llama-api's. `repeat_sustain`, `repeat_decay` and their longer names are ExLlama's.
"""

from __future__ import annotations

from typing import Any

import msgspec

Whole = int | float | None


class MuseFields(msgspec.Struct):
    """`muse`, where its numbers are given too; the names are those of the Muse itself."""

    top_k: Whole = None
    damp: float | None = None
    damp_initial: float | None = None
    damp_ramp_tokens: Whole = None


class GenerationFields(msgspec.Struct, kw_only=True):
    """Sampling, limits, stops and what the answer should show."""

    temperature: float | None = None
    dynatemp_range: float | None = None
    dynatemp_exponent: float | None = None
    top_k: Whole = None
    top_p: float | None = None
    min_p: float | None = None
    tfs_z: float | None = None
    typical_p: float | None = None
    top_n_sigma: float | None = None
    xtc_probability: float | None = None
    xtc_threshold: float | None = None
    repeat_penalty: float | None = None
    repeat_last_n: Whole = None
    repeat_sustain: Whole = None
    repeat_decay: Whole = None
    penalize_nl: bool | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    dry_multiplier: float | None = None
    dry_base: float | None = None
    dry_allowed_length: Whole = None
    dry_penalty_last_n: Whole = None
    dry_sequence_breakers: list[str] | None = None
    mirostat: Whole = None
    mirostat_tau: float | None = None
    mirostat_eta: float | None = None
    adaptive_target: float | None = None
    adaptive_decay: float | None = None
    min_keep: Whole = None
    samplers: list[str] | str | None = None
    logit_bias: list[Any] | dict[str, Any] | None = None
    seed: Whole = None
    ignore_eos: bool | None = None
    backend_sampling: bool | None = None
    muse: bool | MuseFields | None = None
    guidance_scale: float | None = None
    negative_prompt: str | list[int | str] | None = None
    repetition_penalty_range: Whole = None
    repetition_penalty_sustain: Whole = None
    repetition_penalty_decay: Whole = None
    mirostat_mode: Whole = None
    ban_eos_token: bool | None = None

    n_predict: Whole = None
    max_tokens: Whole = None
    max_completion_tokens: Whole = None
    t_max_predict_ms: float | None = None
    n_keep: Whole = None
    n_discard: Whole = None
    stop: str | list[str] | None = None
    n: Whole = None
    n_cmpl: Whole = None
    n_indent: Whole = None

    id_slot: Whole = None
    cache_prompt: bool | None = None
    speculative_n_max: Whole = msgspec.field(default=None, name="speculative.n_max")
    speculative_n_min: Whole = msgspec.field(default=None, name="speculative.n_min")
    speculative_p_min: float | None = msgspec.field(default=None, name="speculative.p_min")

    stream: bool | None = None
    n_probs: Whole = None
    post_sampling_probs: bool | None = None
    return_tokens: bool | None = None
    timings_per_token: bool | None = None
    return_progress: bool | None = None
    response_fields: list[str] | None = None

    grammar: str | None = None
    json_schema: Any = None
    regex: str | None = None
    lark: str | None = None
    lora: list[Any] | None = None
    image_data: list[Any] | None = None
