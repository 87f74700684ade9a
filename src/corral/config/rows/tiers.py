"""Options of what happens to prefixes that leave the KV cache."""

from __future__ import annotations

from corral.config.kinds import Integer, Text
from corral.config.model_kinds import ByteSize, Mebibytes
from corral.config.option import Option

ROWS = (
    Option(
        flags="-cram --cache-ram",
        env="LLAMA_ARG_CACHE_RAM",
        fills="engine.tiers.host_bytes",
        kind=Mebibytes(),
        unit="MiB",
        default_text="an eighth of main memory, at most 8192",
        help="Main memory for conversations that left the KV cache, -1 without bound, 0 for none.",
        differs="The default is 8192 there, whatever the machine has.",
    ),
    Option(
        flags="--cache-disk",
        fills="engine.tiers.disk_bytes",
        kind=ByteSize(),
        unit="bytes",
        default_text="none",
        is_own=True,
        help=(
            "Disk for conversations that left main memory, like 10G. They outlive swaps and restarts; "
            "the files hold what people wrote, for your user alone."
        ),
    ),
    Option(
        flags="--cache-disk-path",
        fills="engine.tiers.disk_dir",
        kind=Text("DIR"),
        default_text="prefixes, in the cache directory",
        is_own=True,
        help="The folder for them; it is made if need be. Each model has one of its own in it.",
    ),
    Option(
        flags="-ctxcp --ctx-checkpoints --swa-checkpoints",
        env="LLAMA_ARG_CTX_CHECKPOINTS",
        fills="engine.tiers.n_checkpoints",
        kind=Integer(0),
        help=(
            "States kept on the way of a sequence, of models whose memory cannot be cut (recurrent, sliding "
            "window): what changes in a chat is computed from the last one on. 0 for none."
        ),
        differs="They live in the host memory of --cache-ram, and with -cram 0 there are none.",
    ),
    Option(
        flags="-cms --checkpoint-min-step",
        env="LLAMA_ARG_CHECKPOINT_MIN_SPACING_NT",
        fills="engine.tiers.checkpoint_min_step",
        kind=Integer(0),
        unit="tokens",
        help="How far apart such states are inside a prompt, at least; there is one at its end in any case.",
    ),
)
