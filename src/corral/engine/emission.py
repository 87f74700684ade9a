"""What a sampled token becomes: text that can be shown, and the end of its sequence."""

from __future__ import annotations

from corral.core.messages import ModelFacts
from corral.core.outcome import FinishReason, SequenceOutput
from corral.engine import limits
from corral.engine.ports import Sampled, Vocabulary
from corral.engine.sequence import Sequence


class Emission:
    """Turns tokens into outputs. Modifies the sequence's text, never memory."""

    def __init__(
        self, vocabulary: Vocabulary, facts: ModelFacts, *, is_shiftable: bool, is_special_shown: bool
    ) -> None:
        self._vocabulary = vocabulary
        self._facts = facts
        self._is_shiftable = is_shiftable
        self._is_special_shown = is_special_shown

    def take(self, sequence: Sequence, sampled: Sampled, now_s: float) -> SequenceOutput | None:
        """Take one token; return what can be shown (with `end` on the last), None inside a character."""
        token = sampled.token
        sequence.generated.append(token)
        sequence.pending = [token]
        sequence.withhold(token, sampled.probs)
        if token in self._vocabulary.eog:
            return self.finish(sequence, FinishReason.EOS, now_s)
        piece = self._vocabulary.piece(token, is_special_shown=self._is_special_shown)
        text, stop = sequence.text.feed(piece)
        if stop is not None:
            return sequence.ended(text or "", FinishReason.STOP, stop, now_s)
        reason = self._limit(sequence, now_s)
        if reason is not None:
            return self.finish(sequence, reason, now_s, text=text or "")
        return None if text is None else sequence.output(text)

    def finish(
        self, sequence: Sequence, reason: FinishReason, now_s: float, *, text: str = ""
    ) -> SequenceOutput:
        """Return the last output: `text` and what was held back, unless that completes a stop string."""
        rest, stop = sequence.text.flush()
        return sequence.ended(text + rest, FinishReason.STOP if stop else reason, stop or "", now_s)

    def _limit(self, sequence: Sequence, now_s: float) -> FinishReason | None:
        if limits.is_spent(sequence, now_s):
            return FinishReason.LENGTH
        if limits.is_context_full(sequence, self._facts, is_shiftable=self._is_shiftable):
            sequence.is_truncated = True
            return FinishReason.LENGTH
        return None
