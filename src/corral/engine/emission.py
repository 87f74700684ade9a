"""What a sampled token becomes: text that can be shown, and the end of its sequence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from corral.core.messages import ModelFacts
from corral.core.outcome import Candidate, FinishReason, SequenceOutput, TokenProbs
from corral.engine import limits
from corral.engine.ports import Sampled, Vocabulary
from corral.engine.sequence import Sequence
from corral.engine.thinking import ThinkingWatch


class Emission:
    """Turns tokens into outputs. Modifies the sequence's text, never memory."""

    def __init__(
        self, vocabulary: Vocabulary, facts: ModelFacts, *, is_shiftable: bool, is_special_shown: bool
    ) -> None:
        self._vocabulary = vocabulary
        self._facts = facts
        self._is_shiftable = is_shiftable
        self._is_special_shown = is_special_shown

    def take(self, sequence: Sequence, sampled: Sampled, now_s: float) -> list[SequenceOutput]:
        """Take the tokens of one step; return what can be shown, with `end` on the last of the sequence.

        There is an output for each token that does not end inside a character. After the end no token is
        taken, forced or not.
        """
        sequence.pending = []
        if sequence.grammar is None and sequence.thinking is None:
            output = self._take(sequence, sampled.token, sampled.probs, now_s)
            return [] if output is None else [output]
        return list(_to_end(self._outputs(sequence, sampled, now_s)))

    def _outputs(self, sequence: Sequence, sampled: Sampled, now_s: float) -> Iterator[SequenceOutput | None]:
        """Yield what each token of the step gives, and each that ends thoughts that took too long."""
        probs = sampled.probs
        for token in sampled.tokens:
            output = self._take(sequence, token, probs or self._certain(sequence, token), now_s)
            probs = None
            yield output
            if output is not None and sequence.thinking is not None:
                yield from self._close_thoughts(sequence, sequence.thinking, now_s)
        if sampled.is_last:
            yield self._close(sequence, now_s)

    def _close(self, sequence: Sequence, now_s: float) -> SequenceOutput | None:
        """Return the end where a rule left no other choice. Its token counts, as if it had been drawn."""
        if not self._vocabulary.eog:
            return self.finish(sequence, FinishReason.EOS, now_s)
        token = min(self._vocabulary.eog)
        return self._take(sequence, token, self._certain(sequence, token), now_s)

    def _take(
        self, sequence: Sequence, token: int, probs: TokenProbs | None, now_s: float
    ) -> SequenceOutput | None:
        sequence.generated.append(token)
        sequence.pending.append(token)
        sequence.withhold(token, probs)
        if token in self._vocabulary.eog:
            return self.finish(sequence, FinishReason.EOS, now_s)
        is_shown = self._is_special_shown or token in sequence.shown
        piece = self._vocabulary.piece(token, is_special_shown=is_shown)
        if sequence.thinking is not None:
            sequence.thinking.take(piece)
        text, stop = sequence.text.feed(piece)
        if text and sequence.lines is not None:
            text, is_cut = sequence.lines.feed(text)
            if is_cut:
                return sequence.ended(text, FinishReason.LENGTH, "", now_s)
        if stop is not None:
            return sequence.ended(text or "", FinishReason.STOP, stop, now_s)
        reason = self._limit(sequence, now_s)
        if reason is not None:
            return self.finish(sequence, reason, now_s, text=text or "")
        return None if text is None else sequence.output(text)

    def _close_thoughts(
        self, sequence: Sequence, thinking: ThinkingWatch, now_s: float
    ) -> Iterator[SequenceOutput | None]:
        """Put in the tokens that end the thinking, if it took too long."""
        closing = thinking.take_closing()
        if closing and sequence.sampler is not None:
            sequence.sampler.accept(np.array(closing, np.int32))
        for token in closing:
            yield self._take(sequence, token, self._certain(sequence, token), now_s)

    def _certain(self, sequence: Sequence, token: int) -> TokenProbs | None:
        """Return the probabilities around a forced token, if any are wanted: nothing else was possible."""
        if not sequence.request.sampling.n_probs:
            return None
        piece = self._vocabulary.piece(token, is_special_shown=True)
        top, sampled = Candidate(token, piece, 0.0), Candidate(token, piece, 1.0)
        return TokenProbs(token, piece, 0.0, [top], [sampled], 1.0)

    def finish(
        self, sequence: Sequence, reason: FinishReason, now_s: float, *, text: str = ""
    ) -> SequenceOutput:
        """Return the last output: `text` and what was held back, unless that completes a stop string."""
        rest, stop = sequence.text.flush()
        if sequence.lines is not None:
            rest, _ = sequence.lines.feed(rest)
        return sequence.ended(text + rest, FinishReason.STOP if stop else reason, stop or "", now_s)

    def _limit(self, sequence: Sequence, now_s: float) -> FinishReason | None:
        if sequence.n_unlimited is None:
            sequence.n_unlimited = limits.n_unlimited(sequence, self._facts)
        if len(sequence.generated) < sequence.n_unlimited:
            return None
        if limits.is_spent(sequence, now_s):
            return FinishReason.LENGTH
        if limits.is_context_full(sequence, self._facts, is_shiftable=self._is_shiftable):
            sequence.is_truncated = True
            return FinishReason.LENGTH
        return None


def _to_end(outputs: Iterable[SequenceOutput | None]) -> Iterator[SequenceOutput]:
    """Yield the outputs that there are, none behind the last of the sequence."""
    for output in outputs:
        if output is not None:
            yield output
            if output.end is not None:
                return
