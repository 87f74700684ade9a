"""The embedding scheduler over the fake runner: what shares a batch, and that every call is answered once."""

import numpy as np
import pytest

from corral.core.engine_settings import EngineSettings
from corral.core.errors import (
    ContextExceededError,
    InputTooLargeError,
    InternalError,
    InvalidRequestError,
    NotSupportedError,
)
from corral.core.messages import Embed, Embedded, Failed, Finished, Rank, Ranked, Stepped
from corral.engine import inputs
from corral.engine.embedding import EmbeddingScheduler
from corral.engine.fake import BOS, EOS, FakeBehaviour
from corral.engine.fake_embedding import FakeEmbeddingRunner
from corral.engine.inputs import InputIntake
from corral.engine.intake import Intake


class Clock:
    now = 0.0

    def now_s(self):
        self.now += 0.001
        return self.now


class Bench:
    """Everything of one embedding engine, without threads."""

    def __init__(self, behaviour=None, **settings):
        fields = {"purpose": "embed", "n_ubatch": 16, "n_parallel": 3, **settings}
        self.runner = FakeEmbeddingRunner(EngineSettings(**fields), behaviour)
        self.scheduler = EmbeddingScheduler(self.runner, Clock())
        intake = Intake(self.runner.vocabulary, self.runner.facts, Clock(), is_shiftable=False)
        self.intake = InputIntake(intake, self.runner)
        self.events = []

    def embed(self, request_id, *lengths):
        pieces = [[[65 + i] * n] for i, n in enumerate(lengths)]
        self.events += self.scheduler.submit(self.intake.prepare(Embed(request_id, pieces)))

    def run(self):
        while not self.scheduler.is_idle:
            self.events += self.scheduler.step()
        return self

    def answers(self):
        return [event for event in self.events if not isinstance(event, Stepped)]

    def vectors(self, request_id):
        (answer,) = [event for event in self.answers() if event.request_id == request_id]
        return [[np.frombuffer(raw, "<f4").tolist() for raw in vectors] for vectors in answer.vectors]


def test_inputs_of_many_calls_share_a_batch():
    bench = Bench()
    bench.embed("a", 4, 5)
    bench.embed("b", 6)

    bench.run()

    assert bench.runner.batches == [[4, 5, 6]]
    assert bench.vectors("a") == [[[4, 260, 65, 65]], [[5, 330, 66, 66]]]
    assert bench.vectors("b") == [[[6, 390, 65, 65]]]


def test_a_batch_is_bounded_by_tokens_and_by_inputs():
    bench = Bench()
    bench.embed("a", 8, 9, 7, 1, 1, 1, 1)

    bench.run()

    assert bench.runner.batches == [[8], [9, 7], [1, 1, 1], [1]]


def test_the_order_is_that_of_arrival():
    bench = Bench()
    bench.embed("a", 16, 16)
    bench.embed("b", 1)

    bench.run()

    assert [answer.request_id for answer in bench.answers()] == ["a", "b"]


def test_an_answer_counts_its_inputs():
    bench = Bench()
    bench.embed("a", 4, 5)

    (answer,) = bench.run().answers()

    assert answer == Embedded("a", 4, answer.vectors, [4, 5])


def test_without_pooling_there_is_a_vector_for_each_token():
    bench = Bench(pooling="none")
    bench.embed("a", 3)

    assert len(bench.run().vectors("a")[0]) == 3


def test_tokens_count_as_prefill():
    bench = Bench()
    bench.embed("a", 8, 8, 4)

    stepped = [event.stats for event in bench.run().events if isinstance(event, Stepped)]

    assert [(stats.n_prefill, stats.n_running, stats.n_waiting) for stats in stepped] == [
        (16, 2, 1),
        (4, 1, 0),
    ]
    assert all(stats.prefill_ms > 0 and stats.n_decode == 0 for stats in stepped)


def test_a_cancelled_call_is_forgotten():
    bench = Bench()
    bench.embed("a", 16, 16, 16)
    bench.embed("b", 2)
    bench.events += bench.scheduler.step()

    bench.events += bench.scheduler.cancel("a")

    bench.run()
    assert bench.runner.batches == [[16], [2]]
    assert [type(event) for event in bench.answers()] == [Finished, Embedded]
    assert bench.scheduler.cancel("a") == []


def test_a_failed_batch_fails_the_calls_in_it_and_no_other():
    bench = Bench(FakeBehaviour(fail_after=1))
    bench.embed("a", 10, 10)
    bench.embed("b", 10)

    bench.run()

    failed, answered = bench.answers()
    assert (failed.request_id, failed.error.code) == ("a", "internal")
    assert answered.request_id == "b"


def test_a_fault_fails_everything_that_is_open():
    bench = Bench()
    bench.embed("a", 16)
    bench.embed("b", 16)
    bench.scheduler.step()

    events = bench.scheduler.fail_all(InternalError("oh"))

    assert events == [Failed("b", InternalError("oh").report())]
    assert bench.scheduler.is_idle


def test_stopping_answers_everybody():
    bench = Bench()
    bench.embed("a", 16)
    bench.embed("b", 16)

    events = bench.scheduler.abort()

    assert [(event.request_id, event.error.code) for event in events] == [
        ("a", "unavailable"),
        ("b", "unavailable"),
    ]


def test_an_id_in_use_is_refused():
    bench = Bench()
    bench.embed("a", 1)

    bench.embed("a", 1)

    assert [event.error.code for event in bench.answers()] == ["internal"]


def test_a_pair_is_laid_out_and_scored():
    bench = Bench(purpose="rank")
    prepared = bench.intake.prepare(Rank("a", "ab", ["c", "defg"]))
    bench.scheduler.submit(prepared)

    (answer,) = bench.run().answers()

    assert prepared.inputs[0].tolist() == [BOS, 97, 98, EOS, 99, EOS]
    assert answer == Ranked("a", [6.0, 9.0], [6, 9])


def test_text_gets_bos_and_ids_do_not():
    bench = Bench()

    prepared = bench.intake.prepare(Embed("a", [["a"], [[97]], [[97], "a"]]))

    assert [tokens.tolist() for tokens in prepared.inputs] == [[BOS, 97], [97], [97, 97]]


@pytest.mark.parametrize(
    ("settings", "length", "error", "facts"),
    [
        ({}, 17, InputTooLargeError, {"n_prompt_tokens": 17, "n_ubatch": 16}),
        ({"n_batch": 8}, 9, InputTooLargeError, {"n_prompt_tokens": 9, "n_ubatch": 8}),
        ({"n_ctx": 8}, 9, ContextExceededError, {"n_prompt_tokens": 9, "n_ctx": 8}),
        ({"n_ctx": 8}, 17, InputTooLargeError, {"n_prompt_tokens": 17, "n_ubatch": 16}),
        ({}, 0, InvalidRequestError, {}),
    ],
)
def test_what_does_not_fit_never_reaches_the_runner(settings, length, error, facts):
    bench = Bench(**settings)

    with pytest.raises(error) as caught:
        bench.embed("a", 1, length)

    assert caught.value.facts == facts


def test_the_largest_input_fits():
    bench = Bench()
    bench.embed("a", 16)

    assert bench.run().vectors("a")


@pytest.mark.parametrize("purpose", ["embed", "rank"])
def test_an_engine_does_what_it_is_run_for(purpose):
    bench = Bench(purpose=purpose)
    call = Rank("a", "q", ["d"]) if purpose == "embed" else Embed("a", [["a"]])

    with pytest.raises(NotSupportedError):
        bench.intake.prepare(call)


@pytest.mark.parametrize(("pooling", "n_most"), [("mean", 4), ("none", 1)])
def test_an_answer_too_large_for_a_frame_is_refused(monkeypatch, pooling, n_most):
    monkeypatch.setattr(inputs, "MAX_ANSWER_BYTES", 4 * 4 * 4)
    bench = Bench(pooling=pooling)
    bench.embed("a", *[4] * n_most)

    with pytest.raises(InvalidRequestError, match="MiB"):
        bench.embed("b", *[4] * (n_most + 1))
