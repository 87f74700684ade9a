"""Whose image is computed next. An image is a step of its own: a batch holds ids or embeddings, not both."""

from __future__ import annotations

from collections.abc import Sequence as Items

from corral.engine.plan import Plan
from corral.engine.sequence import Sequence, Stage


class MediaTurns:
    """Lets images and everything else take turns, so that many images hold nobody up for long."""

    def __init__(self) -> None:
        self._was_media = False

    def plan(self, running: Items[Sequence], n_batch: int) -> Plan | None:
        """Return a plan of one image, None if this step is for the others."""
        ready = [s for s in running if s.stage is Stage.PREFILL and s.spans and s.span is not None]
        is_others_turn = self._was_media and any(_has_rows(s) for s in running)
        self._was_media = bool(ready) and not is_others_turn
        return plan_media(ready[0], n_batch) if self._was_media else None


def plan_media(sequence: Sequence, n_batch: int) -> Plan:
    """Return the plan of the image that `sequence` stands at; it is decoded in parts of `n_batch` rows."""
    span = sequence.span
    assert span is not None
    is_last = span.n_tokens == sequence.n_prefill_left and sequence.request.max_tokens != 0
    outputs = [((span.n_tokens - 1) % n_batch, sequence)] if is_last else []
    return Plan([], [(sequence, span.n_tokens)], outputs, span)


def _has_rows(sequence: Sequence) -> bool:
    return sequence.stage is Stage.DECODE or sequence.span is None
