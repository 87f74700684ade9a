"""An engine that is run for vectors or scores, in a process of its own."""

import asyncio

import numpy as np
import pytest

from corral.core.errors import (
    EngineCrashedError,
    InputTooLargeError,
    InvalidRequestError,
    NotSupportedError,
    QueueFullError,
)
from corral.gateway.lifecycle import State


async def until_computing(gateway):
    while not gateway.door.metrics().n_prompt_total:  # noqa: ASYNC110 (nothing signals it)
        await asyncio.sleep(0)


def vector(raw):
    return np.frombuffer(raw, "<f4").tolist()


def test_inputs_become_vectors(run, loaded):
    async def act():
        async with loaded(purpose="embed") as gateway:
            return gateway.door.facts(), await gateway.door.embed([["ab"], [[97, 99]]])

    facts, answer = run(act())

    assert (facts.purpose, facts.pooling, facts.n_embd) == ("embed", "mean", 4)
    assert [vector(raw) for (raw,) in answer.vectors] == [[3, 451, 256, 98], [2, 196, 97, 99]]
    assert answer.n_tokens == [3, 2]


def test_documents_become_scores(run, loaded):
    async def act():
        async with loaded(purpose="rank") as gateway:
            return await gateway.door.rank("ab", ["c", "cde"])

    answer = run(act())

    assert (answer.scores, answer.n_tokens) == ([6.0, 8.0], [6, 8])


def test_many_callers_get_their_own(run, loaded):
    async def act():
        async with loaded(purpose="embed") as gateway:
            calls = (gateway.door.embed([[[65] * n]]) for n in range(1, 40))
            return await asyncio.gather(*calls)

    answers = run(act())

    assert [vector(answer.vectors[0][0])[0] for answer in answers] == list(range(1, 40))


def test_tokens_count_as_prompt_tokens(run, loaded):
    async def act():
        async with loaded(purpose="embed") as gateway:
            await gateway.door.embed([[[65] * 5], [[65] * 7]])
            return gateway.door.metrics()

    assert run(act()).n_prompt_total == 12


def test_text_can_still_be_tokenized(run, loaded):
    async def act():
        async with loaded(purpose="embed") as gateway:
            return await gateway.door.tokenize(["ab"], add_special=True, parse_special=True)

    assert run(act()).tokens == [256, 97, 98]


@pytest.mark.parametrize(
    ("inputs", "error"),
    [([[[65] * 513]], InputTooLargeError), ([[[258]]], InvalidRequestError), ([[[]]], InvalidRequestError)],
)
def test_what_cannot_be_computed_fails_alone(run, loaded, inputs, error):
    async def act():
        async with loaded(purpose="embed") as gateway:
            good = asyncio.create_task(gateway.door.embed([["a"]]))
            with pytest.raises(error):
                await gateway.door.embed(inputs)
            return await good, gateway.worker().state

    answer, state = run(act())

    assert (len(answer.vectors), state) == (1, State.READY)


def test_an_engine_does_only_what_it_is_run_for(run, loaded):
    async def act():
        async with loaded(purpose="embed") as gateway:
            with pytest.raises(NotSupportedError):
                await gateway.door.rank("q", ["d"])
            with pytest.raises(NotSupportedError):
                await gateway.outputs()
        async with loaded() as gateway:
            with pytest.raises(NotSupportedError):
                await gateway.door.embed([["a"]])
            return await gateway.outputs(max_tokens=2)

    assert run(act())


def test_who_leaves_frees_the_engine(run, loaded):
    async def act():
        async with loaded("fake:step_ms=20", purpose="embed", n_ubatch=16) as gateway:
            leaving = asyncio.create_task(gateway.door.embed([[[65] * 16]] * 1000))
            await until_computing(gateway)
            leaving.cancel()
            await gateway.door.embed([[[65]]])
            return gateway.door.metrics().n_prompt_total, gateway.worker().n_calls

    n_tokens, n_calls = run(act())

    assert n_tokens < 16 * 1000
    assert n_calls == 0


@pytest.mark.parametrize("caller", ["", "a"])
def test_the_queue_of_calls_is_bounded(run, loaded, caller):
    async def act():
        async with loaded("fake:step_ms=20", purpose="embed", max_queue=1) as gateway:
            calls = [asyncio.create_task(gateway.door.embed([["a"]], caller=caller)) for _ in range(9)]
            return await asyncio.gather(*calls, return_exceptions=True)

    outcomes = run(act())

    assert [isinstance(outcome, QueueFullError) for outcome in outcomes] == [False] * 3 + [True] * 6


def test_a_crash_fails_the_call_and_the_engine_comes_back(run, loaded):
    async def act():
        async with loaded("fake:crash_after=2", purpose="embed") as gateway:
            await gateway.door.embed([["a"]])
            with pytest.raises(EngineCrashedError):
                await gateway.door.embed([["b"]])
            return await gateway.door.embed([["c"]])

    assert run(act()).n_tokens == [2]


def test_draining_answers_what_was_asked(run, loaded):
    async def act():
        async with loaded("fake:step_ms=5", purpose="embed", n_ubatch=16) as gateway:
            asked = asyncio.create_task(gateway.door.embed([[[65] * 16]] * 20))
            await until_computing(gateway)
            await gateway.supervisor.shutdown(within_s=20)
            return await asked

    assert len(run(act()).vectors) == 20
