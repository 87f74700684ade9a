"""The answer to a chat while it is streamed, told apart into thoughts, content and calls."""

from __future__ import annotations

from corral.api.generation.live import LiveAnswer, unstarted
from corral.api.generation.request import Ask
from corral.core.outcome import SequenceOutput, SequenceStart
from corral.prompt.answer_split import AnswerSplit, Parts, Reading


class LiveChat:
    """One sequence of a chat. `n_thought_tokens` counts the tokens whose text was settled as thoughts."""

    __slots__ = ("_split", "live", "n_thought_tokens")

    def __init__(self, ask: Ask, start: SequenceStart, reading: Reading) -> None:
        self.live = LiveAnswer(ask, start)
        self.n_thought_tokens = 0
        self._split = None if reading.is_plain else AnswerSplit(reading, is_stream=True)

    @property
    def call_ids(self) -> list[str]:
        """The ids of the calls so far."""
        return self._split.call_ids if self._split else []

    def take(self, output: SequenceOutput) -> list[Parts]:
        """Return what an output settles, in order. Raises UnavailableError when it was broken off."""
        self.live.take(output)
        if self._split is None:
            return [Parts("", output.text, [])]
        parts = [self._split.feed(output.text)]
        if output.end is not None:
            parts.append(self._split.flush())
        if any(part.thoughts for part in parts):
            self.n_thought_tokens += len(output.tokens)
        return parts


def never_ran(ask: Ask, output: SequenceOutput, reading: Reading) -> LiveChat:
    """Return the answer of a sequence that ended without a start."""
    return LiveChat(ask, unstarted(output), reading)
