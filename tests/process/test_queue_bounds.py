"""The queue of an engine is bounded by requests and by tokens; who is refused is told for how long."""

import contextlib

import pytest

from corral.core.errors import QueueFullError


async def refused(gateway, prompt):
    with pytest.raises(QueueFullError) as caught:
        async with gateway.generate("beyond", prompt=prompt) as generation:
            await anext(generation)
    return caught.value


async def flooded(gateway, stack, *, n, prompt):
    """Enter requests that never end, and return once the first one runs."""
    for number in range(n):
        generation = await stack.enter_async_context(gateway.generate(f"r{number}", prompt=prompt))
        if number == 0:
            await anext(generation)


def test_more_tokens_than_may_wait_are_refused_by_the_engine(run, loaded):
    async def act():
        async with (
            loaded("fake:step_ms=2", n_parallel=1, max_queue_tokens=500) as gateway,
            contextlib.AsyncExitStack() as stack,
        ):
            await flooded(gateway, stack, n=2, prompt="x" * 300)
            return await refused(gateway, "x" * 300)

    error = run(act())

    assert "301 prompt tokens wait" in error.message
    assert 1 <= error.facts["retry_after_s"] <= 600


def test_more_requests_than_may_wait_are_refused_by_the_gateway(run, loaded):
    async def act():
        async with (
            loaded("fake:step_ms=2", n_parallel=1, max_queue=1) as gateway,
            contextlib.AsyncExitStack() as stack,
        ):
            await flooded(gateway, stack, n=2, prompt="x")
            return await refused(gateway, "x")

    error = run(act())

    assert "The queue of requests is full" in error.message
    assert 1 <= error.facts["retry_after_s"] <= 600


def test_what_waits_and_for_how_long_is_in_the_metrics(run, loaded):
    async def act():
        async with loaded("fake:step_ms=2", n_parallel=1) as gateway:
            async with gateway.generate("runs", prompt="x" * 300) as running:
                await anext(running)
                async with gateway.generate("waits", prompt="x" * 200):
                    while not gateway.door.metrics().n_waiting_tokens:
                        await anext(running)
                    during = gateway.door.metrics()
            await gateway.until_none_open()
            return during, gateway.door.metrics()

    during, after = run(act())

    assert during.n_waiting_tokens == 201  # and BOS
    assert during.wait_s > 0
    assert after.n_waiting_tokens == 0


def test_a_queue_that_one_caller_filled_is_open_to_another(run, loaded):
    async def act():
        async with (
            loaded("fake:step_ms=2", n_parallel=1, max_queue=3) as gateway,
            contextlib.AsyncExitStack() as stack,
        ):
            await flooded(gateway, stack, n=4, prompt="x")
            with pytest.raises(QueueFullError):
                async with gateway.generate("more", prompt="x"):
                    pass
            await stack.enter_async_context(gateway.generate("other", prompt="x", caller="other"))
            await stack.enter_async_context(gateway.generate("other-2", prompt="x", caller="other"))
            return await refused(gateway, "x")

    assert "full" in run(act()).message
