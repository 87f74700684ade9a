"""Options about memory: how weights are loaded, what the KV cache is made of."""

from __future__ import annotations

from corral.config.engine_kinds import HeaderValues
from corral.config.kinds import Choice, Integer, Real, on_off_auto
from corral.config.option import Option

KV_TYPES = Choice(
    {name: name for name in ("f32", "f16", "bf16", "q8_0", "q4_0", "q4_1", "iq4_nl", "q5_0", "q5_1")}
)


def _no_defrag(_text: str) -> str:
    return "has no effect: llama.cpp finds free cells wherever they lie, so there is nothing to defragment"


ROWS = (
    Option(
        flags="-fa --flash-attn",
        env="LLAMA_ARG_FLASH_ATTN",
        fills="engine.flash_attn",
        kind=on_off_auto(),
        alone="on",
        help="Flash attention; auto: where the model and the machine can.",
        differs=(
            "Auto, as in the newest server; in 2024 it was off. It is taken as a switch and with a value."
        ),
    ),
    Option(
        flags="-kvu --kv-unified",
        off="-no-kvu --no-kv-unified",
        env="LLAMA_ARG_KV_UNIFIED",
        fills="engine.is_kv_unified",
        help="One KV cache for all slots instead of one for each.",
        differs=(
            "Off unless given, also without --parallel: separate caches decode faster here "
            "(docs/decisions), and prefixes are shared by copying."
        ),
    ),
    Option(
        flags="--kv-unified-per-slot",
        env="LLAMA_ARG_KV_UNIFIED_PER_SLOT",
        fills="engine.n_ctx_slot",
        kind=Integer(0, none=(0,)),
        unit="tokens",
        help="The most that one slot may hold; without --ctx-size every slot gets as much.",
    ),
    Option(
        flags="-ctk --cache-type-k",
        env="LLAMA_ARG_CACHE_TYPE_K",
        fills="engine.kv_type_k",
        kind=KV_TYPES,
        help="The type of the keys in the KV cache.",
    ),
    Option(
        flags="-ctv --cache-type-v",
        env="LLAMA_ARG_CACHE_TYPE_V",
        fills="engine.kv_type_v",
        kind=KV_TYPES,
        help="The type of the values in the KV cache; a quantised one needs flash attention.",
    ),
    Option(
        flags="-dt --defrag-thold",
        env="LLAMA_ARG_DEFRAG_THOLD",
        fills=None,
        kind=Real(),
        remark=_no_defrag,
        help="Accepted for llama-server's sake: the KV cache needs no defragmenting.",
        differs=(
            "Without effect, with a warning: llama.cpp finds free cells by itself and has no "
            "defragmentation left."
        ),
    ),
    Option(
        flags="-dkvc --dump-kv-cache",
        fills="engine.is_kv_dumped",
        help="Log what the KV cache of a slot holds, positions and token ids, whenever a request leaves it.",
    ),
    Option(
        flags="--swa-full",
        env="LLAMA_ARG_SWA_FULL",
        fills="engine.is_swa_full",
        help="Keep the whole context of sliding-window layers, so that prefixes can be reused.",
    ),
    Option(
        flags="--mmap",
        off="--no-mmap",
        env="LLAMA_ARG_MMAP",
        fills="engine.is_mmap",
        help="Map the model file into memory instead of reading it.",
    ),
    Option(
        flags="--mlock",
        env="LLAMA_ARG_MLOCK",
        fills="engine.is_mlock",
        help="Keep the model from being swapped out.",
    ),
    Option(
        flags="-lm --load-mode",
        env="LLAMA_ARG_LOAD_MODE",
        fills="engine.load_mode",
        kind=Choice({mode: mode for mode in ("auto", "none", "mmap", "mlock", "mmap+mlock", "dio")}),
        default_text="as --mmap and --mlock say",
        help="How the weights come into memory; auto: mapped where the devices can, dio: direct I/O.",
    ),
    Option(
        flags="-lzm --lazy-mode",
        env="LLAMA_ARG_LAZY_MODE",
        fills="engine.lazy_mode",
        kind=Choice({mode: mode for mode in ("auto", "on", "off")}),
        help="Read the rows of tensors that are rarely needed from the file; auto: of those above 4 GiB.",
    ),
    Option(
        flags="--check-tensors",
        fills="engine.are_tensors_checked",
        help="Look for invalid values in the weights while they are loaded.",
    ),
    Option(
        flags="--override-kv",
        fills="engine.kv_overrides",
        kind=HeaderValues(),
        is_repeatable=True,
        help="Use this value instead of the one in the header of the model file.",
    ),
    Option(
        flags="--warmup",
        off="--no-warmup",
        env="LLAMA_ARG_WARMUP",
        fills="engine.is_warmup",
        help="Run the model once before the first request.",
    ),
    Option(
        flags="--perf",
        off="--no-perf",
        env="LLAMA_ARG_PERF",
        fills="engine.has_perf",
        help="Let llama.cpp measure itself; its figures are logged when the model is unloaded.",
    ),
)
