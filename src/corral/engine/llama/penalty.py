"""Which penalties a request asks for, as one thing to the sampler."""

from __future__ import annotations

from typing import Protocol

import msgspec

from corral.core.sampling import SamplingParams
from corral.engine.llama.buffers import Logits
from corral.engine.llama.candidates import Candidates
from corral.engine.llama.decaying_penalty import DecayingPenalty
from corral.engine.llama.penalties import Penalties
from corral.engine.llama.sampled_model import SampledModel
from corral.engine.radix import Tokens

_NO_PENALTY = (1.0, 0.0, 0.0)


class Penalty(Protocol):
    """A memory of one sequence's tokens, prompt and answer, that changes the logits of those it knows."""

    def remember(self, tokens: Tokens) -> None:
        """Take tokens in, oldest first."""
        ...

    def apply_to_row(self, logits: Logits) -> None:
        """Change a row of logits [n_vocab] in place."""
        ...

    def apply(self, candidates: Candidates) -> None:
        """Change the logits of the candidates that are left."""
        ...


class InTurn:
    """Several penalties, one after the other."""

    def __init__(self, *penalties: Penalty) -> None:
        self._penalties = penalties

    def remember(self, tokens: Tokens) -> None:
        """As `Penalty` says."""
        for penalty in self._penalties:
            penalty.remember(tokens)

    def apply_to_row(self, logits: Logits) -> None:
        """As `Penalty` says."""
        for penalty in self._penalties:
            penalty.apply_to_row(logits)

    def apply(self, candidates: Candidates) -> None:
        """As `Penalty` says."""
        for penalty in self._penalties:
            penalty.apply(candidates)


def penalty_of(model: SampledModel, params: SamplingParams) -> Penalty | None:
    """Return what `params` ask for, None if it would change nothing."""
    if params.repeat_sustain is None:
        return _llama_cpp(model, params)
    decaying = _decaying(model, params)
    beside = _llama_cpp(model, msgspec.structs.replace(params, repeat_penalty=1.0))
    return InTurn(decaying, beside) if decaying and beside else decaying or beside


def _llama_cpp(model: SampledModel, params: SamplingParams) -> Penalties | None:
    n_window = model.window(params.repeat_last_n)
    factors = (params.repeat_penalty, params.presence_penalty, params.frequency_penalty)
    if factors == _NO_PENALTY or not n_window:
        return None
    return Penalties(params, n_window, model.n_vocab, exempt=_exempt(model, params))


def _decaying(model: SampledModel, params: SamplingParams) -> DecayingPenalty | None:
    sustain = params.repeat_sustain
    n_window = model.window(-1 if sustain is None or sustain < 0 else sustain + params.repeat_decay)
    if params.repeat_penalty == 1 or not n_window:
        return None
    return DecayingPenalty(params, n_window, model.n_vocab, exempt=_exempt(model, params))


def _exempt(model: SampledModel, params: SamplingParams) -> int | None:
    return None if params.is_newline_penalized else model.newline
