"""From the arguments of `LlamaCppModel`, `ExllamaModel` and `ReverseProxyModel` to options.

Each argument that the classes of llama-api know has one of three fates: it is an option, it has no meaning
any more (which is logged), or it is refused with a sentence. Besides those, any option may be given by its
name with underscores.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from corral.config.definitions.entry import Entry, find, read_entry
from corral.config.definitions.instruction_templates import template
from corral.config.given import ReadFile
from corral.core.errors import SettingsError

Pairs: TypeAlias = Iterator[tuple[str, str]]
"""Keys of options and their texts."""
_Fate: TypeAlias = Callable[[Any], Pairs]

_ALPHA_EXPONENT = 128 / 126  # of the NTK-aware base: head size / (head size - 2)
_ROPE_BASE = 10000.0
_SPLIT_MODES = {0: "none", 1: "layer", 2: "row"}  # enum llama_split_mode, llama.h
_NUMA = {1: "distribute", 2: "isolate", 3: "numactl"}  # enum ggml_numa_strategy
_ENDPOINTS = ("/chat/completions", "/completions", "/embeddings", "/models")


@dataclass(frozen=True)
class _Model:
    """One class: the runner that it means, what becomes of its arguments, which of them mean nothing."""

    runner: str
    fates: Mapping[str, _Fate]
    without_effect: frozenset[str] = frozenset()


def entry(kind: str, arguments: Mapping[str, Any], read_file: ReadFile) -> Entry:
    """Return what a model of class `kind` says.

    Raises:
        SettingsError: an argument is unknown, is refused, or has a wrong value.
    """
    model = _MODELS[kind]
    aliases = arguments.get("aliases", ())
    if not isinstance(aliases, list | tuple) or not all(isinstance(name, str) and name for name in aliases):
        raise SettingsError('"aliases": a list of names was expected')
    if arguments.get("model_path") in (None, ""):
        raise SettingsError("model_path is missing")
    given = {key: value for key, value in arguments.items() if value is not None and key != "aliases"}
    ignored = sorted(given.keys() & model.without_effect)
    pairs = [pair for key in given if key not in ignored for pair in _pairs(model, key, given[key])]
    remarks = tuple(f'"{key}" has no meaning any more' for key in ignored)
    said = read_entry(pairs, read_file)
    return replace(said, aliases=tuple(aliases), runner=model.runner, remarks=said.remarks + remarks)


def _pairs(model: _Model, key: str, value: object) -> Pairs:
    fate = model.fates.get(key)
    try:
        yield from fate(value) if fate else _option(key, value)
    except (TypeError, ValueError) as error:
        raise SettingsError(f'"{key}": {value!r} makes no sense here') from error


def _option(key: str, value: object) -> Pairs:
    """Yield what any option means under its own name."""
    items = value if isinstance(value, list) else [value]
    if find(key).option.is_repeatable:
        yield from ((key, _text(item)) for item in items)
    else:
        yield key, ",".join(map(_text, items))


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return json.dumps(value) if isinstance(value, dict) else str(value)


def _as(key: str) -> _Fate:
    return lambda value: _option(key, value)


def _if_set(key: str, text: str) -> _Fate:
    """Yield one option where the argument is true, nothing where it is false."""
    return lambda value: iter([(key, text)] if value else [])


def _kv_of_16_bits(value: object) -> Pairs:
    if not value:
        yield from [("cache-type-k", "f32"), ("cache-type-v", "f32")]


def _vocab_only(value: object) -> Pairs:
    if value:
        raise SettingsError('"vocab_only": a model without its weights cannot answer; leave it out')
    return iter(())


def _any_model_embeds(_value: object) -> Pairs:
    """Yield nothing: vectors are made by any model that is asked for them, and texts still."""
    return iter(())


def _numa(value: object) -> Pairs:
    if isinstance(value, str) or value:
        yield "numa", value if isinstance(value, str) else _NUMA.get(value, str(value))  # type: ignore[call-overload]


def _template(value: object) -> Pairs:
    yield "chat-template", template(str(value))


def _alpha(value: float) -> Pairs:
    """Yield the base that ExLlama computes from its NTK alpha, for heads of 128."""
    yield "rope-freq-base", str(_ROPE_BASE * value**_ALPHA_EXPONENT)


def _split_mode(value: Any) -> Pairs:  # noqa: ANN401 - a number or a name
    yield "split-mode", _SPLIT_MODES.get(value, str(value))


def _base_url(value: object) -> Pairs:
    url = str(value).rstrip("/")
    ending = next((ending for ending in _ENDPOINTS if url.endswith(ending)), "")
    yield "proxy-url", url.removesuffix(ending)


_TEMPLATES: dict[str, _Fate] = {"instruction_template": _template, "chat_format": _template}
_MODELS = {
    "LlamaCppModel": _Model(
        "llama",
        {
            **_TEMPLATES,
            "model_path": _as("model"),
            "max_total_tokens": _as("ctx-size"),
            "n_ctx": _as("ctx-size"),
            "n_batch": _as("batch-size"),
            "n_ubatch": _as("ubatch-size"),
            "n_threads": _as("threads"),
            "n_threads_batch": _as("threads-batch"),
            "lora_path": _as("lora"),
            "use_mmap": _as("mmap"),
            "use_mlock": _as("mlock"),
            "f16_kv": _kv_of_16_bits,
            "vocab_only": _vocab_only,
            "embedding": _any_model_embeds,
            "last_n_tokens_size": _as("repeat-last-n"),
            "low_vram": _if_set("kv-offload", "off"),
            "offload_kqv": _as("kv-offload"),
            "rope_scaling_type": _as("rope-scaling"),
            "split_mode": _split_mode,
            "numa": _numa,
        },
        frozenset(
            {
                *("n_parts", "logits_all", "verbose", "echo", "streaming", "lora_base"),
                *("cache", "cache_type", "cache_size", "n_gqa", "rms_norm_eps", "mul_mat_q"),
            }
        ),
    ),
    "ExllamaModel": _Model(
        "exllama",
        {
            **_TEMPLATES,
            "model_path": _as("model"),
            "max_total_tokens": _as("ctx-size"),
            "compress_pos_emb": _as("rope-scale"),
            "alpha_value": _alpha,
            "auto_map": _as("tensor-split"),
            "lora_path": _as("lora"),
        },
        frozenset(
            {
                *("gpu_peer_fix", "matmul_recons_thd", "fused_mlp_thd", "sdp_thd", "fused_attn"),
                *("matmul_fused_remap", "rmsnorm_no_half2", "rope_no_half2", "matmul_no_half2"),
                *("silu_no_half2", "concurrent_streams", "version", "verbose", "echo", "streaming"),
            }
        ),
    ),
    "ReverseProxyModel": _Model(
        "llama",
        {
            **_TEMPLATES,
            "model_path": _base_url,
            "max_total_tokens": _as("ctx-size"),
            "api_key": _as("proxy-key"),
            "model": _as("proxy-model"),
            "timeout": _as("proxy-timeout-s"),
        },
        frozenset({"verbose", "echo", "streaming"}),
    ),
}
