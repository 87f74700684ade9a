"""Options about how the model runs: context, batches, memory, threads, scheduling."""

from __future__ import annotations

from corral.config.checks import no_slots, not_positive
from corral.config.kinds import Integer, Real
from corral.config.option import Option

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
        differs=(
            "Without it, and where the newest server takes 4, as many slots up to 4 as the memory "
            "bears, each with the whole context."
        ),
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
        flags="-cb --cont-batching",
        off="-nocb --no-cont-batching",
        env="LLAMA_ARG_CONT_BATCHING",
        fills="engine.is_batching_continuous",
        help="New prompts join the running batch; off: they wait until nothing is being generated.",
    ),
    Option(
        flags="--context-shift",
        off="--no-context-shift",
        env="LLAMA_ARG_CONTEXT_SHIFT",
        fills="engine.is_context_shift",
        help="When the context is full, drop the older half and go on; off: stop there.",
        differs="On, as in 2024; the newest server has it off.",
    ),
    Option(
        flags="-sps --slot-prompt-similarity",
        env="LLAMA_ARG_SLOT_PROMPT_SIMILARITY",
        fills="engine.slot_prompt_similarity",
        kind=Real(0, 1),
        help="How much of a slot's tokens a prompt must share to be given that slot; 0: any slot.",
        differs=(
            "0.5 as in 2024, where the newest server has 0.1. It decides only where a match is too "
            "short to be copied: others are copied, and the slot keeps its history."
        ),
    ),
    Option(
        flags="-sp --special",
        env="LLAMA_ARG_SPECIAL",
        fills="engine.is_special_shown",
        help="Show special tokens in the generated text.",
    ),
    Option(
        flags="--max-itl-ms",
        fills="engine.max_itl_ms",
        kind=Real(0),
        unit="ms",
        check=not_positive,
        help="How long a running sequence may wait for its next token while prompts are read.",
        is_own=True,
    ),
    Option(
        flags="--max-queue",
        fills="engine.max_queue",
        kind=Integer(0),
        unit="requests",
        help="How many may wait; more are answered with 503.",
        is_own=True,
    ),
    Option(
        flags="--max-queue-tokens",
        fills="engine.max_queue_tokens",
        kind=Integer(0),
        unit="tokens",
        help="How many prompt tokens may wait, 0 for any number; a lone prompt always may.",
        is_own=True,
    ),
)
