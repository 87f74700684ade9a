"""Inputs made ready for the embedding scheduler: tokenized, and each known to fit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from corral.core.errors import (
    ContextExceededError,
    InputTooLargeError,
    InvalidRequestError,
    NotSupportedError,
)
from corral.core.messages import Embed, Rank
from corral.engine.embedding_ports import EmbeddingRunner
from corral.engine.intake import Intake
from corral.engine.radix import Tokens

MAX_ANSWER_BYTES = 32 * 1024**2  # an answer is one frame, which other answers may share

_TOO_LARGE = "input is too large to process. increase the physical batch size"


@dataclass(frozen=True, slots=True, eq=False)
class PreparedInputs:
    """A call whose `inputs` are token ids. `is_ranking`: it wants scores, not vectors."""

    request_id: str
    inputs: list[Tokens]
    is_ranking: bool


class InputIntake:
    """Turns calls into what the embedding scheduler takes. Safe to call from any one thread."""

    def __init__(self, intake: Intake, runner: EmbeddingRunner) -> None:
        self._intake = intake
        self._runner = runner

    def prepare(self, call: Embed | Rank) -> PreparedInputs:
        """Return `call` made ready.

        Raises `NotSupportedError` for what the engine is not run for, `InvalidRequestError` for an empty
        input or too much at once, `InputTooLargeError` and `ContextExceededError` for one that does not fit.
        """
        is_ranking = isinstance(call, Rank)
        if is_ranking != (self._runner.facts.purpose == "rank"):
            raise NotSupportedError(f"the engine is run to {self._runner.facts.purpose}")
        inputs = self._pairs(call) if isinstance(call, Rank) else self._inputs(call)
        for tokens in inputs:
            self._check(len(tokens))
        if not is_ranking:
            self._check_answer(inputs)
        return PreparedInputs(call.request_id, inputs, is_ranking)

    def _inputs(self, call: Embed) -> list[Tokens]:
        tokenize = self._intake.tokenize
        return [
            np.array(tokenize(pieces, is_bos_wanted=True, has_special=True), np.int32)
            for pieces in call.inputs
        ]

    def _pairs(self, call: Rank) -> list[Tokens]:
        pairs = self._runner.pairs.pairs(self._runner.vocabulary, call.query, call.documents)
        return [np.array(pair, np.int32) for pair in pairs]

    def _check(self, n_tokens: int) -> None:
        runner, n_ctx, n_ubatch = self._runner, self._runner.facts.n_ctx, self._runner.facts.n_ubatch
        if n_tokens == 0:
            raise InvalidRequestError("Input content cannot be empty")
        if n_tokens > n_ubatch and runner.n_input == runner.n_rows:
            raise InputTooLargeError(_TOO_LARGE, n_prompt_tokens=n_tokens, n_ubatch=n_ubatch)
        if n_tokens > runner.n_input:
            raise ContextExceededError(
                f"input ({n_tokens} tokens) is too large for the context size ({n_ctx} tokens)",
                n_prompt_tokens=n_tokens,
                n_ctx=n_ctx,
            )

    def _check_answer(self, inputs: list[Tokens]) -> None:
        is_pooled = self._runner.facts.pooling != "none"
        n_vectors = len(inputs) if is_pooled else sum(len(tokens) for tokens in inputs)
        n_bytes = n_vectors * self._runner.width * 4
        if n_bytes > MAX_ANSWER_BYTES:
            raise InvalidRequestError(
                f"the vectors of this request would take {n_bytes >> 20} MiB; "
                f"ask for at most {MAX_ANSWER_BYTES >> 20} MiB at once"
            )
