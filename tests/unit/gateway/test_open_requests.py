import asyncio

import pytest

from corral.core.errors import ContextExceededError, EngineCrashedError
from corral.core.messages import Detokenized, Failed, Finished
from corral.gateway.frames import ProtocolError
from corral.gateway.generation import Generation
from corral.gateway.metrics import Meter
from corral.gateway.open_requests import OpenRequests


@pytest.fixture
def requests(words):
    return OpenRequests(words.facts, Meter(), lambda _: None)


@pytest.fixture
def accepted(requests, words):
    async def enter(generation):
        requests.accept(generation)

    def accept(request_id):
        generation = Generation(words.request(request_id), enter, lambda _: None)
        requests.accept(generation)
        return generation

    return accept


async def read(generation):
    return [item async for item in generation]


def test_each_request_gets_its_own_outputs(requests, accepted, words):
    a, b = accepted("a"), accepted("b")

    requests.apply(words.stepped([words.start("a"), words.start("b", slot=1)]))
    requests.apply(words.stepped(outputs=[words.output("b", "B"), words.output("a", "A")]))
    requests.apply(Finished("a"))
    requests.apply(Finished("b"))

    assert asyncio.run(read(a)) == [words.start("a"), words.output("a", "A")]
    assert asyncio.run(read(b)) == [words.start("b", slot=1), words.output("b", "B")]
    assert requests.n_open == 0


def test_a_request_waits_until_it_starts(requests, accepted, words):
    accepted("a")
    accepted("b")

    requests.apply(words.stepped([words.start("a")]))

    assert (requests.n_open, requests.n_waiting) == (2, 1)


def test_who_may_be_in_the_first_step_counts_as_running_and_who_queues_behind_does_not(
    requests, accepted, words
):
    for request_id in "abcd":
        accepted(request_id)
    before = [request.request_id for request in requests.running]

    requests.apply(words.stepped([words.start("b")]))

    assert before == ["a", "b"]
    assert [request.request_id for request in requests.running] == ["b", "a"]


def test_what_a_caller_has_open_are_its_generations_and_its_calls(requests, accepted):
    async def act():
        accepted("r")
        requests.accept_call("call-0", "a")
        requests.accept_call("call-1", "a")
        requests.accept_call("call-2", "")
        before = requests.n_open_by_caller()
        requests.apply(Detokenized("call-0", b"hi"))
        return before, requests.n_open_by_caller()

    before, after = asyncio.run(act())

    assert before == {"a": 2, "": 2}
    assert after == {"a": 1, "": 2}


def test_a_failure_reaches_its_request_with_code_and_facts(requests, accepted):
    a = accepted("a")
    error = ContextExceededError("too long", n_prompt_tokens=300, n_ctx=128)

    requests.apply(Failed("a", error.report()))

    with pytest.raises(ContextExceededError) as caught:
        asyncio.run(read(a))
    assert caught.value.facts == {"n_prompt_tokens": 300, "n_ctx": 128}


def test_when_the_engine_is_gone_everything_open_fails_and_slots_are_free(requests, accepted, words):
    async def act():
        a = accepted("a")
        call = requests.accept_call("call-0", "a")
        requests.apply(words.stepped([words.start("a")]))
        requests.fail_all(EngineCrashedError("gone"))
        with pytest.raises(EngineCrashedError):
            await call
        with pytest.raises(EngineCrashedError):
            await read(a)

    asyncio.run(act())

    assert requests.n_open == 0
    assert requests.slots.n_busy == 0


def test_a_call_gets_its_answer(requests):
    async def act():
        call = requests.accept_call("call-0", "a")
        requests.apply(Detokenized("call-0", b"hi"))
        return await call

    assert asyncio.run(act()).content == b"hi"


def test_an_answer_that_nobody_waits_for_any_more_is_dropped(requests):
    async def act():
        call = requests.accept_call("call-0", "a")
        call.cancel()
        requests.apply(Detokenized("call-0", b"hi"))

    asyncio.run(act())


def test_word_of_an_unknown_request_breaks_the_protocol(requests, words):
    for event in (Finished("x"), Detokenized("x", b""), words.stepped(outputs=[words.output("x")])):
        with pytest.raises(ProtocolError):
            requests.apply(event)
