"""The door over a played worker: what it counts, and when it refuses."""

import asyncio
from collections import Counter
from types import SimpleNamespace

import msgspec
import pytest

from corral.core.caller import CallerTerms, Quota
from corral.core.errors import (
    EngineCrashedError,
    InvalidRequestError,
    QueueFullError,
    QuotaExceededError,
)
from corral.core.messages import Embedded, ModelFacts, Ranked, Scored
from corral.core.request import Guidance
from corral.gateway.callers import Callers
from corral.gateway.door import Door
from corral.gateway.history import History
from corral.gateway.lifecycle import State

LIMITED = CallerTerms(weight=3.0, priority=1, quota=Quota(requests_per_minute=2, tokens_per_day=1000))


class PlayedProcess:
    """Takes everything, and answers calls with `answer`, or raises it."""

    def __init__(self):
        self.submitted = []
        self.called = []
        self.answer = None

    def submit(self, generation):
        if isinstance(self.answer, Exception):
            raise self.answer
        self.submitted.append(generation.request)

    def cancel(self, request_id):
        pass

    async def call(self, command, caller):
        self.called.append((command, caller))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def worker():
    played = SimpleNamespace(
        facts=ModelFacts(n_slots=1),
        state=State.READY,
        n_open=0,
        n_calls=0,
        history=History(),
        process=PlayedProcess(),
        check_usable=lambda: None,
    )
    played.n_open_by_caller = lambda: Counter({"a": played.n_open})
    return played


@pytest.fixture
def callers():
    return Callers({"a": LIMITED})


@pytest.fixture
def door(worker, callers):
    return Door("model", lambda: worker, max_queue=1, callers=callers)


@pytest.fixture
def enter(door, words):
    """Enter a request of the caller `a`."""

    def entered(*, n_checked=1, **fields):
        request = msgspec.structs.replace(words.request(), caller="a", **fields)
        return asyncio.run(door.generate(request, n_checked=n_checked).__aenter__())

    return entered


def left(callers):
    standing = callers.standing("a")
    return standing["requests"].n_left, standing["tokens"].n_left


def test_the_engine_is_told_the_callers_weight(enter, worker):
    enter()

    assert worker.process.submitted[0].weight == 3.0


def test_a_request_beyond_the_quota_never_reaches_the_engine(enter, worker):
    enter()
    enter()

    with pytest.raises(QuotaExceededError):
        enter()

    assert len(worker.process.submitted) == 2


def test_a_body_for_which_the_quota_has_no_room_is_refused_with_its_first_request(enter, worker, callers):
    enter()

    with pytest.raises(QuotaExceededError, match="no room for 2 requests"):
        enter(n_checked=2)

    assert len(worker.process.submitted) == 1
    assert left(callers)[0] == 1


def test_a_body_that_never_has_room_is_refused_as_wrong(enter, worker):
    with pytest.raises(InvalidRequestError, match="3 prompts"):
        enter(n_checked=3)

    assert worker.process.submitted == []


def test_further_requests_of_a_body_are_not_refused_for_what_the_first_took(enter, worker):
    enter(n_checked=2, prompt=[[1] * 2000])
    enter(n_checked=0)

    assert len(worker.process.submitted) == 2


def test_a_negative_prompt_counts_by_its_length(enter, callers, words):
    guidance = Guidance(scale=2.0, negative=["x" * 800])

    generation = enter(prompt=[[1, 2, 3]], guidance=guidance)
    before = left(callers)
    generation.put(words.start())
    generation.finish()

    assert before == (1, 1000 - 3 - 200)
    assert left(callers) == (1, 1000 - 3 - 200)


def test_what_is_not_taken_on_does_not_count(enter, worker, callers):
    worker.process.answer = EngineCrashedError("gone")

    with pytest.raises(EngineCrashedError):
        enter()

    assert left(callers) == (2, 1000)


def test_a_full_queue_does_not_count_and_tells_the_wait_that_the_engine_expects(
    enter, worker, callers, words
):
    worker.n_open = 2
    worker.history.meter.step(words.stepped(wait_ms=41_500.0))

    with pytest.raises(QueueFullError) as caught:
        enter()

    assert caught.value.facts["retry_after_s"] == 42
    assert "in about 42 s" in caught.value.message
    assert left(callers) == (2, 1000)


def test_before_the_engine_expects_anything_it_is_a_second(enter, worker):
    worker.n_open = 2

    with pytest.raises(QueueFullError) as caught:
        enter()

    assert caught.value.facts["retry_after_s"] == 1


def test_vectors_and_scores_of_documents_count_as_requests_with_their_tokens(door, worker, callers):
    worker.process.answer = Embedded("c", 1, [[b""], [b""]], [30, 40])
    asyncio.run(door.embed([["a"], ["b"]], caller="a"))
    worker.process.answer = Ranked("c", [1.0], [30])
    asyncio.run(door.rank("q", ["d"], caller="a"))

    with pytest.raises(QuotaExceededError):
        asyncio.run(door.rank("q", ["d"], caller="a"))

    assert left(callers) == (0, 900)


@pytest.fixture
def score(door, worker):
    """Score behind a long prompt for the caller `a`."""

    def scored():
        worker.process.answer = Scored("c", [[-1.0]], 925, 920, 6)
        asyncio.run(door.score([[1] * 900], ["question"], ["word"], caller="a"))

    return scored


def test_scoring_belongs_to_a_request_that_counted_the_prompt_and_counts_its_question_only(score, callers):
    score()

    assert left(callers) == (2, 998)


def test_neither_a_full_queue_nor_a_used_up_quota_refuses_it(enter, score, worker):
    enter()
    enter(prompt=[[1] * 2000])
    worker.n_open = 2

    score()

    assert len(worker.process.called) == 1


def test_scoring_has_its_callers_weight_and_priority(score, worker):
    score()

    call, caller = worker.process.called[0]
    assert (call.caller, call.weight, call.priority) == ("a", 3.0, 1)
    assert caller == "a"


def test_vectors_and_scores_of_documents_find_the_queue_full_and_do_not_count(door, worker, callers):
    worker.n_open = 2

    for call in (door.embed([["a"]], caller="a"), door.rank("q", ["d"], caller="a")):
        with pytest.raises(QueueFullError):
            asyncio.run(call)

    assert worker.process.called == []
    assert left(callers) == (2, 1000)


def test_a_call_that_fails_does_not_count(door, worker, callers):
    worker.process.answer = EngineCrashedError("gone")

    with pytest.raises(EngineCrashedError):
        asyncio.run(door.embed([["a"]], caller="a"))

    assert left(callers) == (2, 1000)
