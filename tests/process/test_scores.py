"""Counting many texts and scoring continuations, in an engine process of its own."""

import asyncio

import pytest

from corral.core.errors import (
    ContextExceededError,
    EngineCrashedError,
    InvalidRequestError,
    NotSupportedError,
)
from corral.core.request import GenerationRequest

WORDS = ["glad", "glum", "so"]


async def score(gateway, words=WORDS, prompt="a chat", **fields):
    return await gateway.door.score([prompt], ["?"], words, caller="", is_bos_wanted=False, **fields)


def test_texts_are_counted_in_one_call(run, loaded):
    async def act():
        async with loaded() as gateway:
            return await gateway.door.count(["", "ab", "€", "x" * 200_000], has_special=False)

    assert run(act()) == [0, 2, 3, 200_000]


def test_each_continuation_has_a_score_for_each_token(run, loaded):
    async def act():
        async with loaded() as gateway:
            return await score(gateway)

    answer = run(act())

    assert [len(numbers) for numbers in answer.logprobs] == [4, 4, 2]
    assert answer.n_prompt_tokens == len("a chat?")
    assert answer.n_evaluated == len("a chat?") + len("glau") + len("s")


def test_scores_of_many_callers_are_their_own(run, loaded):
    async def act():
        async with loaded() as gateway:
            together = await asyncio.gather(*(score(gateway, prompt="x" * n) for n in range(1, 9)))
        alone = []
        for n in range(1, 9):
            async with loaded() as gateway:
                alone.append(await score(gateway, prompt="x" * n))
        return together, alone

    together, alone = run(act())

    assert [answer.logprobs for answer in together] == [answer.logprobs for answer in alone]


def test_a_score_that_cannot_be_is_refused(run, loaded):
    async def act():
        async with loaded() as gateway:
            with pytest.raises(InvalidRequestError, match="empty"):
                await score(gateway, [])
            with pytest.raises(ContextExceededError):
                await score(gateway, prompt="x" * 5000)
            return await score(gateway)

    assert run(act()).n_prompt_tokens == len("a chat?")


def test_an_engine_for_vectors_scores_nothing(run, loaded):
    async def act():
        async with loaded(purpose="embed") as gateway:
            with pytest.raises(NotSupportedError):
                await score(gateway)

    run(act())


def test_a_crash_fails_who_waits_for_scores(run, loaded):
    async def act():
        async with loaded("fake:crash_after=1") as gateway:
            with pytest.raises(EngineCrashedError):
                await score(gateway)

    run(act())


def test_who_leaves_cancels_a_score(run, loaded):
    async def act():
        async with loaded("fake:step_ms=20", n_batch=8, n_ctx=4096) as gateway:
            waiting = asyncio.create_task(score(gateway, prompt="x" * 900))
            while not gateway.door.metrics().n_prompt_total:  # noqa: ASYNC110 (nothing signals it)
                await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.wait({waiting})
            request = GenerationRequest(request_id="next", prompt=["hello"], max_tokens=1)
            async with gateway.door.generate(request) as events:
                return waiting.cancelled(), [event async for event in events]

    was_cancelled, events = run(act())

    assert was_cancelled
    assert events
