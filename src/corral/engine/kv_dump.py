"""What a sequence leaves in KV memory, on the log (`--dump-kv-cache`)."""

from __future__ import annotations

from corral.core import log
from corral.engine.ports import Memory
from corral.engine.radix import Tokens

_log = log.get("engine")


def dump_kv(memory: Memory, seq_id: int, tokens: Tokens) -> None:
    """Log the positions of `seq_id` as llama.cpp has them, and its token ids as we think they are."""
    first, last = memory.span(seq_id)
    ids = [int(token) for token in tokens]
    _log.info("kv.dump", seq_id=seq_id, pos_min=first, pos_max=last, n_tokens=len(ids), tokens=ids)
