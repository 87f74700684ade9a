"""What one request takes of its caller's quota, from its submission to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from corral.core.outcome import SequenceOutput, SequenceStart

if TYPE_CHECKING:
    from corral.core.clock import Clock
    from corral.core.outcome import PromptProgress
    from corral.gateway.quota import Taken, Usage


class Charge:
    """Counts the request and `n_estimated` tokens at once, and what it really takes as that gets known.

    `n_untold` tokens besides, of which nobody tells more, stay as they are estimated once the prompt counts.
    A prompt counts once, however many answers it has, and in full, whatever the cache had of it: what is
    left of a quota must not tell what others have sent.
    """

    __slots__ = ("_clock", "_estimate", "_is_prompt_counted", "_n_untold", "_request", "_usage")

    def __init__(
        self, usage: Usage, clock: Clock, *, n_requests: int, n_estimated: int, n_untold: int
    ) -> None:
        self._usage = usage
        self._clock = clock
        self._n_untold = n_untold
        self._is_prompt_counted = False
        now_s = clock.now_s()
        self._request: Taken = usage.requests.take(n_requests, now_s)
        self._estimate: Taken | None = usage.tokens.take(n_estimated + n_untold, now_s)

    def saw(self, item: SequenceStart | PromptProgress | SequenceOutput) -> None:
        """Count what the engine says that it did."""
        if isinstance(item, SequenceOutput):
            if item.tokens:
                self._usage.tokens.take(len(item.tokens), self._clock.now_s())
        elif isinstance(item, SequenceStart) and not self._is_prompt_counted:
            self.took(item.n_prompt_tokens)

    def took(self, n_prompt_tokens: int) -> None:
        """Count the prompt in place of the estimate."""
        self._is_prompt_counted = True
        self.close()
        self._usage.tokens.take(n_prompt_tokens + self._n_untold, self._clock.now_s())

    def close(self) -> None:
        """Count the estimate no longer: the request has ended, and whatever it took is counted."""
        if self._estimate is not None:
            self._estimate.give_back()
            self._estimate = None

    def withdraw(self) -> None:
        """Count neither the request nor the estimate: it was not taken on. Once."""
        self.close()
        self._request.give_back()
