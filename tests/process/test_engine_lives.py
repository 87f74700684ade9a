"""An engine that does what it is told: load, generate, answer, cancel, drain."""

import asyncio
import os

import pytest

from corral.core.errors import ModelLoadError, ModelLoadingError, QueueFullError, UnavailableError
from corral.core.outcome import FinishReason, SequenceStart
from corral.gateway.lifecycle import State

STREAMING = "fake:step_ms=2"


def test_a_loaded_model_is_ready_and_its_facts_are_known(run, loaded):
    async def act():
        async with loaded() as gateway:
            return gateway.worker().state, gateway.door.facts()

    state, facts = run(act())

    assert state is State.READY
    assert (facts.architecture, facts.n_slots, facts.n_ctx) == ("fake", 2, 2048)


def test_a_request_gives_its_start_its_outputs_and_an_end(run, loaded):
    async def act():
        async with loaded() as gateway, gateway.generate(max_tokens=4) as generation:
            return [item async for item in generation]

    start, *outputs = run(act())

    assert isinstance(start, SequenceStart)
    assert len("".join(output.text for output in outputs)) == 4
    assert outputs[-1].end.reason is FinishReason.LENGTH


def test_requests_together_end_each_with_its_own_text(run, loaded):
    async def act():
        async with loaded() as gateway:
            alone = await gateway.outputs("alone", max_tokens=20)
            together = await asyncio.gather(*(gateway.outputs(f"r{n}", max_tokens=20) for n in range(16)))
            return alone, together, gateway.worker().n_open

    alone, together, n_open = run(act())

    text = "".join(output.text for output in alone)
    assert ["".join(output.text for output in outputs) for outputs in together] == [text] * 16
    assert n_open == 0


def test_of_many_requests_that_stay_or_leave_none_stays_open(run, loaded):
    async def leave_after(gateway, n_items):
        async with gateway.generate(f"leaves after {n_items}", max_tokens=100) as generation:
            for _ in range(n_items):
                await anext(generation)

    async def act():
        async with loaded("fake:step_ms=1") as gateway:
            staying = [gateway.outputs(f"stays {n}", max_tokens=5) for n in range(16)]
            leaving = [leave_after(gateway, n) for n in range(16)]
            stayed = await asyncio.gather(*staying, *leaving)
            await gateway.until_none_open()
            return stayed[:16], gateway.door.metrics()

    stayed, metrics = run(act())

    assert [outputs[-1].end.n_predicted for outputs in stayed] == [5] * 16
    assert (metrics.n_processing, metrics.n_deferred) == (0, 0)


def test_text_goes_to_tokens_and_back(run, loaded):
    async def act():
        async with loaded() as gateway:
            tokenized = await gateway.door.tokenize(["h", [105]], add_special=True, parse_special=True)
            return tokenized, await gateway.door.detokenize([104, 105])

    tokenized, content = run(act())

    assert tokenized.tokens == [256, 104, 105]
    assert tokenized.pieces[1:] == [b"h", b"i"]
    assert content == b"hi"


def test_leaving_cancels_the_request_and_frees_its_slot(run, loaded):
    async def act():
        async with loaded(STREAMING) as gateway:
            async with gateway.generate("left") as generation:
                await anext(generation)
                during = gateway.door.metrics()
            await gateway.until_none_open()
            return during, gateway.door.metrics(), gateway.door.slots()

    during, after, slots = run(act())

    assert (during.n_processing, after.n_processing) == (1, 0)
    assert slots[0].end.reason is FinishReason.CANCELLED


def test_requests_beyond_slots_and_queue_are_refused(run, loaded):
    async def act():
        async with loaded(STREAMING, max_queue=1) as gateway:
            async with gateway.generate("a"), gateway.generate("b"), gateway.generate("c"):
                with pytest.raises(QueueFullError) as caught:
                    await gateway.outputs("d")
                metrics = gateway.door.metrics()
            await gateway.until_none_open()
            await gateway.outputs("e")
            return caught.value, metrics

    error, metrics = run(act())

    assert error.facts["retry_after_s"] > 0
    assert metrics.n_processing + metrics.n_deferred == 3


def test_while_the_model_loads_requests_are_told_so(run, opened):
    async def act():
        async with opened("fake:load_ms=60000") as gateway:
            with pytest.raises(ModelLoadingError):
                gateway.door.facts()
            loading = asyncio.create_task(gateway.load())
            await asyncio.sleep(0)  # it has begun
            await gateway.until_state(State.STARTING)
            with pytest.raises(ModelLoadingError):
                await gateway.outputs()
            await gateway.supervisor.shutdown(within_s=10)
            with pytest.raises(ModelLoadError, match="stopped"):
                await loading

    run(act())


def test_a_model_that_cannot_be_loaded_says_why_and_is_final(run, opened):
    async def act():
        async with opened("fake:load_fails=1") as gateway:
            with pytest.raises(ModelLoadError, match="asked to fail to load"):
                await gateway.load()
            with pytest.raises(UnavailableError, match="asked to fail to load"):
                gateway.door.facts()
            return gateway.worker().state, gateway.worker().history.n_starts

    assert run(act()) == (State.FAILED, 1)


def test_drain_lets_running_requests_end_and_takes_no_more(run, loaded):
    async def act():
        async with loaded(STREAMING) as gateway, gateway.generate(max_tokens=50) as generation:
            await anext(generation)
            stopping = asyncio.create_task(gateway.supervisor.shutdown(within_s=20))
            await gateway.until_state(State.DRAINING)
            with pytest.raises(UnavailableError, match="being unloaded"):
                await gateway.outputs("late")
            outputs = [item async for item in generation]
            await stopping
            return outputs, gateway.worker().state

    outputs, state = run(act())

    assert outputs[-1].end.reason is FinishReason.LENGTH
    assert outputs[-1].end.n_predicted == 50
    assert state is State.STOPPED


def test_what_has_not_ended_when_the_time_is_over_is_aborted(run, loaded):
    async def act():
        async with loaded(STREAMING) as gateway, gateway.generate() as generation:
            await anext(generation)
            await gateway.supervisor.shutdown(within_s=0.05)
            return [item async for item in generation]

    assert run(act())[-1].end.reason is FinishReason.ABORTED


def test_no_process_is_left_when_the_supervisor_is(run, loaded):
    async def act():
        async with loaded(STREAMING) as gateway, gateway.generate() as generation:
            await anext(generation)
            pid = gateway.worker().process._channel.pid
            os.kill(pid, 0)
        return pid

    pid = run(act())

    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
