"""Options about what lies between requests: adapters, the system prompt, what slots keep, long contexts."""

from __future__ import annotations

from corral.config.adapter_kinds import Files, ScaledFiles
from corral.config.checks import no_chunk_reuse, no_dir
from corral.config.kinds import Integer, Text
from corral.config.option import Option
from corral.config.text_kinds import Verbatim
from corral.core.engine_settings import LoraSettings


def _parked_when_needed(_text: str) -> str:
    return "has no effect: what idle slots hold goes to host memory when the space is needed, and not before"


ROWS = (
    Option(
        flags="--lora",
        fills="engine.adapters.loras",
        kind=Files(LoraSettings),
        is_repeatable=True,
        default_text="none",
        help="Apply this LoRA adapter. Adapters are numbered in their order, from 0.",
    ),
    Option(
        flags="--lora-scaled",
        fills="engine.adapters.loras",
        kind=ScaledFiles(LoraSettings),
        n_values=2,
        is_repeatable=True,
        default_text="none",
        help="The same with a scale of its own; 0: loaded, and not applied.",
    ),
    Option(
        off="--lora-init-without-apply",
        fills="engine.adapters.is_applied",
        default_text="adapters are applied",
        help="Load adapters and apply none until POST /lora-adapters or a request asks for it.",
    ),
    Option(
        flags="-spf --system-prompt-file",
        fills="engine.system_prompt",
        kind=Verbatim(),
        is_file=True,
        default_text="none",
        help="Put the text of this file before every prompt.",
    ),
    Option(
        flags="--slot-save-path",
        env="LLAMA_ARG_SLOT_SAVE_PATH",
        fills="server.slot_save_dir",
        kind=Text("DIR"),
        check=no_dir,
        help="Open POST /slots/ID?action=save|restore|erase, whose files are kept here.",
    ),
    Option(
        flags="-gan --grp-attn-n",
        env="LLAMA_ARG_GRP_ATTN_N",
        fills="engine.rope.group_n",
        kind=Integer(1),
        unit="tokens",
        help="Self-extend: how many distant tokens share a position; 1: off.",
    ),
    Option(
        flags="-gaw --grp-attn-w",
        env="LLAMA_ARG_GRP_ATTN_W",
        fills="engine.rope.group_width",
        kind=Integer(1),
        unit="tokens",
        help="Self-extend: its window, a multiple of --grp-attn-n.",
    ),
    Option(
        flags="--cache-prompt",
        off="--no-cache-prompt",
        env="LLAMA_ARG_CACHE_PROMPT",
        fills="generation.is_cache_wanted",
        default_text="on for OpenAI's endpoints, off for llama-server's own",
        help="Whether a request that does not say reuses what the prefix cache has of its prompt.",
        differs=(
            "Without it off for llama-server's own endpoints, as in 2024, and on for OpenAI's, as in"
            " the newest server."
        ),
    ),
    Option(
        flags="--cache-reuse",
        env="LLAMA_ARG_CACHE_REUSE",
        fills=None,
        kind=Integer(0),
        unit="tokens",
        default_text="0",
        check=no_chunk_reuse,
        help="The least chunk to reuse by moving it to another place; only 0, never, is served.",
        differs="Only 0: chunks are not moved inside the cache. Prefixes are reused from any slot instead.",
    ),
    Option(
        flags="--cache-idle-slots",
        off="--no-cache-idle-slots",
        env="LLAMA_ARG_CACHE_IDLE_SLOTS",
        fills=None,
        default_text="on",
        remark=_parked_when_needed,
        help="Move what idle slots hold to host memory; here that happens when their space is needed.",
        differs=(
            "Both mean the same: a slot keeps what it holds until the space is needed, and then it goes to"
            " host memory (--cache-ram)."
        ),
    ),
)
