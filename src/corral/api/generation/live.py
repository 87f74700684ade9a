"""An answer while it is streamed: the whole so far, and what came since the last event was sent."""

from __future__ import annotations

import time
from typing import Any

from corral.api.generation import probabilities
from corral.api.generation.answer import Answer
from corral.api.generation.probabilities import ProbsShape
from corral.api.generation.request import Ask
from corral.api.generation.timings import Timings, timings
from corral.core.outcome import SequenceOutput, SequenceStart, TokenProbs


class LiveAnswer:
    """Collects what is to be sent: an output without text (half a character, maybe a stop string) waits."""

    __slots__ = ("_first_s", "_started_s", "_tail", "answer", "start", "unsent_probs", "unsent_tokens")

    def __init__(self, ask: Ask, start: SequenceStart) -> None:
        self.answer = Answer(ask, start.index, start)
        self.start = start
        self.unsent_tokens: list[int] = []
        self.unsent_probs: list[TokenProbs] = []
        self._tail = b""
        self._started_s = time.monotonic()
        self._first_s = 0.0

    def take(self, output: SequenceOutput) -> bool:
        """Note an output; return whether there is text to send. Raises UnavailableError when broken off."""
        self.answer.add(output)
        self.unsent_tokens += output.tokens
        self.unsent_probs += output.probs
        self._first_s = self._first_s or time.monotonic()
        return bool(output.text)

    def take_tokens(self) -> list[int]:
        """Return the tokens that were not sent yet, as sent from now on."""
        tokens, self.unsent_tokens = self.unsent_tokens, []
        return tokens

    def take_probs(self) -> list[TokenProbs]:
        """Return the probabilities that were not sent yet, as sent from now on."""
        probs, self.unsent_probs = self.unsent_probs, []
        return probs

    def take_items(self, shape: ProbsShape) -> list[dict[str, Any]]:
        """Return llama-server's items for what was not sent yet."""
        probs = self.take_probs()
        items = probabilities.items(probs, shape, self._tail)
        self._tail = b"".join([self._tail, *(entry.piece for entry in probs)])[-4:]
        return items

    def timings(self) -> Timings:
        """Return the timings so far, by the gateway's clock."""
        now_s, first_s = time.monotonic(), self._first_s
        return timings(
            self.start.n_prompt_tokens - self.start.n_cached,
            1000 * (first_s - self._started_s),
            len(self.answer.tokens),
            1000 * (now_s - first_s),
            n_cached=self.start.n_cached,
        )


def unstarted(output: SequenceOutput) -> SequenceStart:
    """Return the start of a sequence that never ran."""
    end = output.end
    return SequenceStart(
        request_id=output.request_id,
        index=output.index,
        slot=end.slot if end else -1,
        n_prompt_tokens=end.n_prompt_tokens if end else 0,
        n_cached=0,
        seed=end.seed if end else 0,
        is_truncated=False,
    )
