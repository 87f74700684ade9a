"""What every request is given besides its own: the system prompt before it, the adapters in force."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from corral.core.errors import InvalidRequestError
from corral.core.messages import ModelFacts
from corral.engine.loras import Loras, in_force
from corral.engine.ports import Vocabulary
from corral.engine.radix import Tokens

MIN_CTX = 16  # tokens that a system prompt leaves to prompts and answers at least

NO_TOKENS: Tokens = np.empty(0, np.int32)


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """What one request is given. `system`: the tokens before it, BOS among them where the model wants one."""

    system: Tokens
    loras: Loras


class Standing:
    """Owned by one thread, read by any.

    `now` is replaced whole: a request that takes it once has one system prompt from beginning to end.
    """

    def __init__(self, vocabulary: Vocabulary, facts: ModelFacts) -> None:
        self._vocabulary = vocabulary
        self._facts = facts
        self.now = Given(NO_TOKENS, in_force(enumerate(lora.scale for lora in facts.loras)))
        self.set_system_prompt(facts.system_prompt)

    def set_system_prompt(self, text: str) -> None:
        """Put `text` before every prompt from now on; empty: nothing. Raises `InvalidRequestError`."""
        tokens = self._tokens(text) if text else []
        n_most = self._facts.n_ctx - MIN_CTX
        if tokens and len(tokens) > n_most:
            raise InvalidRequestError(
                f"the system prompt has {len(tokens)} tokens; "
                f"a slot of {self._facts.n_ctx} takes at most {n_most}"
            )
        self.now = replace(self.now, system=np.array(tokens, np.int32))

    def _tokens(self, text: str) -> list[int]:
        tokens = self._vocabulary.tokenize(text, add_special=True, parse_special=True)
        # Models that end every text with a token of their own want it behind the prompt, not before it.
        return tokens[:-1] if self._facts.is_eos_added and tokens[-1] in self._vocabulary.eog else tokens

    def set_loras(self, scales: Iterable[tuple[int, float]]) -> None:
        """Give every adapter its scale, 0 if not named. Raises `InvalidRequestError`, changing nothing."""
        self.now = replace(self.now, loras=self._checked(scales))

    def given(self, scales: Iterable[tuple[int, float]] | None) -> Given:
        """Return what a request with adapters of its own is given; None: it does not say.

        Raises `InvalidRequestError` for an unknown adapter.
        """
        now = self.now
        return now if scales is None else replace(now, loras=self._checked(scales))

    def _checked(self, scales: Iterable[tuple[int, float]]) -> Loras:
        given = list(scales)
        if not all(0 <= adapter < len(self._facts.loras) for adapter, _ in given):
            raise InvalidRequestError("invalid adapter id")
        return in_force(given)
