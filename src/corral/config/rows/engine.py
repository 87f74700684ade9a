"""Options about how the model runs: context, batches, memory, threads, scheduling."""

from __future__ import annotations

from corral.config.checks import no_host_tier, no_slots, not_positive, only_on
from corral.config.kinds import INT_MAX, INT_MIN, Integer, Real, on_off_auto
from corral.config.option import Option

_BELOW_1 = range(INT_MIN, 1)

ROWS = (
    Option(
        flags="-c --ctx-size",
        env="LLAMA_ARG_CTX_SIZE",
        fills="engine.n_ctx",
        kind=Integer(0, none=(0,)),
        unit="tokens",
        default_text="0, as the model was trained",
        help="The context. With an explicit --parallel it is shared evenly, else every slot has all of it.",
    ),
    Option(
        flags="-np --parallel",
        env="LLAMA_ARG_N_PARALLEL",
        fills="engine.n_parallel",
        kind=Integer(-1, 256, none=(-1,)),
        default_text="-1, as many as the machine can serve well",
        check=no_slots,
        help="How many sequences are generated at once (slots).",
    ),
    Option(
        flags="-b --batch-size",
        env="LLAMA_ARG_BATCH",
        fills="engine.n_batch",
        kind=Integer(1, 2**20),
        unit="tokens",
        help="The most that one step hands to the model.",
    ),
    Option(
        flags="-ub --ubatch-size",
        env="LLAMA_ARG_UBATCH",
        fills="engine.n_ubatch",
        kind=Integer(1, 2**20),
        unit="tokens",
        help="The most that the model computes in one go.",
    ),
    Option(
        flags="-t --threads",
        env="LLAMA_ARG_THREADS",
        fills="engine.cpu.n_threads",
        kind=Integer(INT_MIN, 512, none=_BELOW_1),
        default_text="-1, from the machine",
        help="Threads that compute; below 1: as many as the machine does best with.",
    ),
    Option(
        flags="-tb --threads-batch",
        env="LLAMA_ARG_THREADS_BATCH",
        fills="engine.cpu_batch.n_threads",
        kind=Integer(INT_MIN, 512, none=_BELOW_1),
        default_text="as --threads",
        help="The same for prompts.",
    ),
    Option(
        flags="-ngl --gpu-layers --n-gpu-layers",
        env="LLAMA_ARG_N_GPU_LAYERS",
        fills="engine.device.n_gpu_layers",
        kind=Integer(0, words={"all": INT_MAX, "auto": INT_MAX, "-1": INT_MAX}),
        help="Layers that run on the GPU.",
    ),
    Option(
        flags="-fa --flash-attn",
        env="LLAMA_ARG_FLASH_ATTN",
        fills="engine.flash_attn",
        kind=on_off_auto(),
        alone="on",
        help="Flash attention; auto: where the model and the machine can.",
    ),
    Option(
        flags="-kvu --kv-unified",
        off="-no-kvu --no-kv-unified",
        env="LLAMA_ARG_KV_UNIFIED",
        fills="engine.is_kv_unified",
        help="One KV cache for all slots instead of one for each.",
    ),
    Option(
        flags="-cram --cache-ram",
        env="LLAMA_ARG_CACHE_RAM",
        fills=None,
        kind=Integer(-1),
        unit="MiB",
        default_text="0",
        check=no_host_tier,
        help="Host memory for prefixes that left the KV cache; 0 for none is all there is so far.",
    ),
    Option(
        flags="-cb --cont-batching",
        off="-nocb --no-cont-batching",
        env="LLAMA_ARG_CONT_BATCHING",
        fills=None,
        default_text="on",
        check=only_on("new requests always join the running batch"),
        help="New requests join the running batch. Corral knows no other way.",
    ),
    Option(
        flags="--context-shift",
        off="--no-context-shift",
        env="LLAMA_ARG_CONTEXT_SHIFT",
        fills="engine.is_context_shift",
        help="When the context is full, drop the older half and go on; off: stop there.",
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
        flags="--swa-full",
        env="LLAMA_ARG_SWA_FULL",
        fills="engine.is_swa_full",
        help="Keep the whole context of sliding-window layers, so that prefixes can be reused.",
    ),
    Option(
        flags="-sps --slot-prompt-similarity",
        env="LLAMA_ARG_SLOT_PROMPT_SIMILARITY",
        fills="engine.slot_prompt_similarity",
        kind=Real(0, 1),
        help="How much of a slot's tokens a prompt must share to be given that slot; 0: any slot.",
    ),
    Option(
        flags="-sp --special",
        env="LLAMA_ARG_SPECIAL",
        fills="engine.is_special_shown",
        help="Show special tokens in the generated text.",
    ),
    Option(
        flags="--warmup",
        off="--no-warmup",
        env="LLAMA_ARG_WARMUP",
        fills="engine.is_warmup",
        help="Run the model once before the first request.",
    ),
    Option(
        flags="--max-itl-ms",
        fills="engine.max_itl_ms",
        kind=Real(0),
        unit="ms",
        check=not_positive,
        help="How long a running sequence may wait for its next token while prompts are read.",
    ),
    Option(
        flags="--max-queue",
        fills="engine.max_queue",
        kind=Integer(0),
        unit="requests",
        help="How many may wait; more are answered with 503.",
    ),
)
