"""Words of an engine, as short as tests want them."""

import pytest

from corral.core.messages import ModelFacts, Stepped
from corral.core.outcome import FinishReason, SequenceEnd, SequenceOutput, SequenceStart
from corral.core.request import GenerationRequest
from corral.core.step_stats import StepStats


class Words:
    """Makes requests and what an engine says about them."""

    facts = ModelFacts(n_slots=2, n_ctx=128)

    @staticmethod
    def request(request_id="r"):
        return GenerationRequest(request_id=request_id, prompt=["hi"])

    @staticmethod
    def start(request_id="r", slot=0, index=0):
        return SequenceStart(
            request_id, index, slot, n_prompt_tokens=3, n_cached=1, seed=7, is_truncated=False
        )

    @staticmethod
    def output(request_id="r", text="x", index=0, tokens=(1,), end=None):
        return SequenceOutput(request_id, index, text, list(tokens), [], end)

    @staticmethod
    def end(reason=FinishReason.EOS, n_past=9):
        return SequenceEnd(
            reason=reason,
            stop_text="",
            n_prompt_tokens=3,
            n_cached=1,
            n_predicted=2,
            n_past=n_past,
            prompt_ms=1.0,
            predicted_ms=2.0,
            is_truncated=False,
            slot=0,
            seed=7,
        )

    @staticmethod
    def stats(**changes):
        none = dict.fromkeys(StepStats.__struct_fields__, 0)
        return StepStats(**none | changes)

    def stepped(self, starts=(), outputs=(), **stats):
        return Stepped(list(starts), list(outputs), self.stats(**stats))


@pytest.fixture
def words():
    return Words()
