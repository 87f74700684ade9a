"""A request made ready for the scheduler: tokenized, checked, cut to the context."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from corral.core.clock import Clock
from corral.core.errors import ContextExceededError, InvalidRequestError, NotSupportedError
from corral.core.messages import ModelFacts
from corral.core.request import GenerationRequest, Media, Piece
from corral.engine.ports import Vocabulary
from corral.engine.radix import Tokens
from corral.engine.window import cut_prompt


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A request whose prompt is `prompt` (ids) and whose logit bias names ids. It came at `arrived_s`."""

    request: GenerationRequest
    prompt: Tokens
    bias: tuple[tuple[int, float], ...]
    is_truncated: bool
    arrived_s: float


class Intake:
    """Turns requests into what the scheduler takes. Safe to call from any one thread."""

    def __init__(
        self, vocabulary: Vocabulary, facts: ModelFacts, clock: Clock, *, is_shiftable: bool
    ) -> None:
        self._vocabulary = vocabulary
        self._facts = facts
        self._clock = clock
        self._is_shiftable = is_shiftable

    def prepare(self, request: GenerationRequest) -> Prepared:
        """Return `request` made ready. Raises `InvalidRequestError` and `ContextExceededError`."""
        arrived_s = self._clock.now_s()
        if request.slot is not None and not 0 <= request.slot < self._facts.n_slots:
            raise InvalidRequestError("Invalid slot ID")
        ids = self.tokenize(
            request.prompt, is_bos_wanted=request.is_bos_wanted, has_special=request.has_special
        )
        prompt, is_truncated = self._fit(np.array(ids, np.int32), request.n_keep)
        return Prepared(request, prompt, self._bias(request), is_truncated, arrived_s)

    def tokenize(self, pieces: Iterable[Piece], *, is_bos_wanted: bool, has_special: bool) -> list[int]:
        """Return the ids of pieces, tokenized one by one; a text in front gets BOS as the model wants it.

        Raises `InvalidRequestError` for an id outside the vocabulary.
        """
        ids: list[int] = []
        for number, piece in enumerate(pieces):
            if isinstance(piece, str):
                is_first = is_bos_wanted and number == 0
                ids += self._vocabulary.tokenize(piece, add_special=is_first, parse_special=has_special)
            elif isinstance(piece, Media):
                raise NotSupportedError("the model takes no images")
            else:
                self._check(piece)
                ids += piece
        return ids

    def pieces(self, ids: list[int]) -> list[bytes]:
        """Return the bytes of each id, special tokens included. Raises as `tokenize` does."""
        self._check(ids)
        return [self._vocabulary.piece(token, is_special_shown=True) for token in ids]

    def _check(self, ids: list[int]) -> None:
        if ids and not 0 <= min(ids) <= max(ids) < self._vocabulary.n_tokens:
            raise InvalidRequestError("Prompt contains invalid tokens")

    def _fit(self, prompt: Tokens, n_keep: int | None) -> tuple[Tokens, bool]:
        n_ctx = self._facts.n_ctx
        cut = cut_prompt(len(prompt), n_ctx, n_keep)
        if cut is None:
            return prompt, False
        if not self._is_shiftable:
            raise ContextExceededError(
                f"request ({len(prompt)} tokens) exceeds the available context size ({n_ctx} tokens), "
                "try increasing it",
                n_prompt_tokens=len(prompt),
                n_ctx=n_ctx,
            )
        return np.concatenate([prompt[: cut.n_keep], prompt[cut.n_keep + cut.n_discard :]]), True

    def _bias(self, request: GenerationRequest) -> tuple[tuple[int, float], ...]:
        """Return the offsets by token id. Ids outside the vocabulary are skipped, as llama-server does."""
        offsets: dict[int, float] = {}
        for key, offset in request.sampling.logit_bias:
            for token in self._named(key):
                offsets[token] = offset
        if request.sampling.ignore_eos:
            offsets.update(dict.fromkeys(self._vocabulary.eog, float("-inf")))
        return tuple(offsets.items())

    def _named(self, key: int | str) -> list[int]:
        if isinstance(key, str):
            return self._vocabulary.tokenize(key, add_special=False, parse_special=True)
        return [key] if 0 <= key < self._vocabulary.n_tokens else []
