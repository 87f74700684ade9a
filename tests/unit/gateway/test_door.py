"""The door over a played worker: what it counts, and when it refuses."""

import asyncio
from collections import Counter
from types import SimpleNamespace

import msgspec
import pytest

from corral.core.caller import CallerTerms, Quota
from corral.core.errors import EngineCrashedError, QueueFullError, QuotaExceededError
from corral.core.messages import Embedded, ModelFacts, Ranked, Scored
from corral.gateway.callers import Callers
from corral.gateway.door import Door
from corral.gateway.history import History
from corral.gateway.lifecycle import State

LIMITED = CallerTerms(weight=3.0, quota=Quota(requests_per_minute=2, tokens_per_day=1000))


class PlayedProcess:
    """Takes everything, and answers calls with `answer`, or raises it."""

    def __init__(self):
        self.submitted = []
        self.answer = None

    def submit(self, generation):
        if isinstance(self.answer, Exception):
            raise self.answer
        self.submitted.append(generation.request)

    def cancel(self, request_id):
        pass

    async def call(self, _command):
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

    def entered():
        request = msgspec.structs.replace(words.request(), caller="a")
        return asyncio.run(door.generate(request).__aenter__())

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


def test_scoring_belongs_to_a_request_and_counts_its_tokens_only(door, worker, callers):
    worker.process.answer = Scored("c", [[-1.0]], 25, 20, 6)

    asyncio.run(door.score(["prompt"], ["question"], ["word"], caller="a"))

    assert left(callers) == (2, 975)


def test_a_call_that_fails_does_not_count(door, worker, callers):
    worker.process.answer = EngineCrashedError("gone")

    with pytest.raises(EngineCrashedError):
        asyncio.run(door.embed([["a"]], caller="a"))

    assert left(callers) == (2, 1000)
