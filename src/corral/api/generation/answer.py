"""One sequence's answer while it grows."""

from __future__ import annotations

from corral.api.generation.request import Ask
from corral.core.errors import UnavailableError
from corral.core.outcome import (
    FinishReason,
    SequenceEnd,
    SequenceOutput,
    SequenceStart,
    TokenProbs,
)


class Answer:
    """Text, tokens and probabilities so far; `end` once it is complete.

    `index` is its place among all answers of the body.
    """

    __slots__ = ("_texts", "ask", "end", "index", "probs", "start", "tokens")

    def __init__(self, ask: Ask, sequence: int, start: SequenceStart | None = None) -> None:
        self.ask = ask
        self.index = ask.first_index + sequence
        self.start = start
        self.tokens: list[int] = []
        self.probs: list[TokenProbs] = []
        self.end: SequenceEnd | None = None
        self._texts: list[str] = []

    def add(self, output: SequenceOutput) -> None:
        """Take what one step gave. Raises UnavailableError if the server broke the sequence off."""
        self._texts.append(output.text)
        self.tokens += output.tokens
        self.probs += output.probs
        if output.end is not None:
            if output.end.reason is FinishReason.ABORTED:
                raise UnavailableError("The server is stopping", retry_after_s=1)
            self.end = output.end

    @property
    def text(self) -> str:
        """The whole text so far."""
        return "".join(self._texts)

    def closed(self) -> SequenceEnd:
        """Return how it ended; one that never ran, for want of a prompt, ended with nothing."""
        return self.end or _NOTHING


_NOTHING = SequenceEnd(
    reason=FinishReason.CANCELLED,
    stop_text="",
    n_prompt_tokens=0,
    n_cached=0,
    n_predicted=0,
    n_past=0,
    prompt_ms=0.0,
    predicted_ms=0.0,
    is_truncated=False,
    slot=-1,
    seed=0,
)
