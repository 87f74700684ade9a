"""Drafts against what the sampler chooses: the text is that of decoding token by token, always."""

from __future__ import annotations

from typing import Any

from corral.core.outcome import SequenceOutput
from corral.engine.agreement import n_common
from corral.engine.draft.draft import Draft
from corral.engine.emission import Emission
from corral.engine.ports import Runner, Sampled
from corral.engine.sequence import Sequence


class Verification:
    """Takes the right tokens of drafts, and cuts from memory what was decoded in vain."""

    def __init__(self, runner: Runner[Any], emission: Emission) -> None:
        self._runner = runner
        self._emission = emission

    def take(
        self, draft: Draft, row: int, sequence: Sequence, choice: Sampled, now_s: float
    ) -> list[SequenceOutput]:
        """Return what a sequence has to show: for `choice`, from `row`, and for what the rows behind give.

        It goes on as long as the tokens pending are those that were drafted: one choice is drawn for each
        token, in order, and none behind the end of the sequence. Modifies memory: afterwards it holds
        `n_past` tokens of the sequence.
        """
        outputs = self._taken(draft, sequence, choice, now_s)
        while _is_going(draft, outputs) and self._move(draft, sequence):
            choice = self._runner.sample_at(draft.n_accepted, row + draft.n_accepted, sequence.sampler)
            outputs += self._taken(draft, sequence, choice, now_s)
        self._forget(draft, sequence)
        return outputs

    def _taken(self, draft: Draft, sequence: Sequence, choice: Sampled, now_s: float) -> list[SequenceOutput]:
        draft.failure = choice.failure
        return [] if choice.failure is not None else self._emission.take(sequence, choice, now_s)

    def _forget(self, draft: Draft, sequence: Sequence) -> None:
        """Cut what is not accepted of a draft from the sequence's memory."""
        if draft.n_accepted < len(draft.tokens):
            is_cut = self._runner.memory.trim(sequence.seq_id, sequence.n_past)
            assert is_cut

    @staticmethod
    def _move(draft: Draft, sequence: Sequence) -> bool:
        """Note which of the tokens pending are in memory already; return whether all are."""
        n_new = n_common(sequence.pending, draft.tokens[draft.n_accepted :])
        draft.n_accepted += n_new
        sequence.n_drafted_accepted += n_new
        sequence.n_past += n_new
        del sequence.pending[:n_new]
        return not sequence.pending


def _is_going(draft: Draft, outputs: list[SequenceOutput]) -> bool:
    return draft.failure is None and not (outputs and outputs[-1].end is not None)
