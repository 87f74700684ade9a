"""How long nobody needs to look at the limits of a sequence: never longer than is true."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from corral.core.clock import MonotonicClock
from corral.core.engine_settings import EngineSettings
from corral.core.messages import ModelFacts
from corral.core.request import GenerationRequest
from corral.engine import limits
from corral.engine.fake import FakeRunner
from corral.engine.intake import Intake
from corral.engine.sequence import Sequence

RUNNER = FakeRunner(EngineSettings(n_ctx=256, n_parallel=1))
INTAKE = Intake(RUNNER.vocabulary, RUNNER.facts, MonotonicClock(), is_shiftable=True)


@given(
    n_prompt=st.integers(1, 40),
    max_tokens=st.none() | st.integers(0, 60),
    max_predict_ms=st.none() | st.just(1.0),
    is_until_context_full=st.booleans(),
    n_ctx=st.integers(1, 64),
    n_ctx_train=st.integers(0, 64),
    is_shiftable=st.booleans(),
)
def test_no_limit_ends_a_sequence_that_needs_no_look(n_ctx, n_ctx_train, is_shiftable, n_prompt, **asked):
    request = GenerationRequest(request_id="a", prompt=["x" * n_prompt], is_bos_wanted=False, **asked)
    sequence = Sequence(INTAKE.prepare(request), 0, 0)
    facts = ModelFacts(n_ctx=n_ctx, n_ctx_train=n_ctx_train)

    n_unlimited = limits.n_unlimited(sequence, facts)
    sequence.generated = [0] * max(0, n_unlimited - 1)
    if sequence.lines is not None:
        sequence.lines.feed("\n")

    assert not n_unlimited > 0 or not limits.is_spent(sequence, math.inf)
    assert not n_unlimited > 0 or not limits.is_context_full(sequence, facts, is_shiftable=is_shiftable)
