"""An engine that breaks: its requests fail, the model comes back, the gateway stays."""

import asyncio
import os
import signal
import sys

import pytest

from corral.core.errors import EngineCrashedError, InvalidRequestError, ModelLoadError, UnavailableError
from corral.gateway.lifecycle import State

CRASHING = "fake:crash_after=20,step_ms=10"  # slow enough that outputs leave before the crash
GARBAGE = (sys.executable, "-c", "import os, time; os.write(1, b'\\xff' * 64); time.sleep(60)")
NO_MSGPACK = (sys.executable, "-c", "import os, time; os.write(1, b'\\2\\0\\0\\0\\xc1\\xc1'); time.sleep(60)")
SILENT_END = (sys.executable, "-c", "raise SystemExit(3)")


async def crash(gateway, request_id="r", *, prompt="hi"):
    """Generate until the engine is gone; return the items before, and the error."""
    items = []
    try:
        async with gateway.generate(request_id, prompt=prompt) as generation:
            async for item in generation:
                items.append(item)  # noqa: PERF401 (those before the error count)
    except EngineCrashedError as error:
        return items, error
    pytest.fail("the engine did not crash")


def test_a_crash_mid_stream_fails_its_requests_and_the_next_one_works(run, loaded):
    async def act():
        async with loaded(CRASHING) as gateway:
            items, error = await crash(gateway)
            after = await gateway.outputs("next", max_tokens=3)
            return items, error, after, gateway.door.metrics()

    items, error, after, metrics = run(act())

    assert len(items) > 1
    assert "exit status 139" in error.message
    assert after[-1].end.n_predicted == 3
    assert (metrics.n_crashes, metrics.n_restarts, metrics.n_processing) == (1, 1, 0)


def test_a_crash_fails_all_that_the_engine_had_and_nothing_stays_open(run, loaded):
    async def act():
        async with loaded(CRASHING) as gateway:
            crashes = [crash(gateway, f"r{n}") for n in range(5)]
            await asyncio.gather(*crashes)
            return gateway.worker().n_open, gateway.door.facts().n_slots

    assert run(act()) == (0, 2)


def test_after_a_crash_slots_are_idle_and_facts_stay_known(run, loaded):
    async def act():
        async with loaded(CRASHING) as gateway:
            await crash(gateway)
            during_pause = gateway.door.slots()
            await gateway.until_state(State.STARTING)
            return gateway.door.facts(), during_pause, gateway.door.slots()

    facts, during_pause, during_start = run(act())

    assert facts.architecture == "fake"
    assert [slot.is_processing for slot in during_pause + during_start] == [False] * 4


def test_tokenize_waits_for_the_restart(run, loaded):
    async def act():
        async with loaded(CRASHING) as gateway:
            await crash(gateway)
            assert gateway.worker().state is not State.READY
            return await gateway.door.detokenize([104])

    assert run(act()) == b"h"


def test_waiting_for_a_restart_is_bounded(run, loaded):
    async def act():
        async with loaded(CRASHING, restart_wait_s=0.01) as gateway:
            await crash(gateway)
            with pytest.raises(UnavailableError) as caught:
                await gateway.outputs("next")
            return caught.value

    assert run(act()).facts["retry_after_s"] > 0


def test_pauses_grow_while_it_keeps_crashing(run, loaded):
    async def act():
        async with loaded(CRASHING) as gateway:
            for prompt in ("one", "two", "three"):
                await crash(gateway, prompt=prompt)
            return gateway.worker().n_crashes_in_a_row

    assert run(act()) == 3


def test_a_request_that_ran_at_two_crashes_is_refused_the_third_time(run, loaded):
    async def act():
        async with loaded(CRASHING) as gateway:
            await crash(gateway)
            await crash(gateway, "again")
            with pytest.raises(InvalidRequestError, match="running both times"):
                await crash(gateway, "once more")
            return await crash(gateway, prompt="another")

    _, error = run(act())

    assert isinstance(error, EngineCrashedError)


def test_an_engine_killed_from_outside_comes_back(run, loaded):
    async def act():
        async with loaded("fake:step_ms=2") as gateway:
            async with gateway.generate() as generation:
                await anext(generation)
                os.kill(gateway.worker().process._channel.pid, signal.SIGKILL)
                with pytest.raises(EngineCrashedError, match="SIGKILL"):
                    [item async for item in generation]
            return await gateway.outputs("next")

    assert len(run(act())) == 3


def test_an_engine_that_hangs_in_a_step_is_ended_and_comes_back(run, loaded):
    async def act():
        async with loaded("fake:hang_after=6", hang_s=0.2) as gateway:
            _, error = await crash(gateway)
            return error, await gateway.outputs("next")

    error, outputs = run(act())

    assert "one step has taken" in error.message
    assert len(outputs) == 3


@pytest.mark.parametrize(
    ("argv", "reason"),
    [
        (GARBAGE, "a frame of 4294967295 bytes"),
        (NO_MSGPACK, "broke the protocol"),
        (SILENT_END, "exit status 3"),
        (("/no/such/program",), "could not be started"),
    ],
)
def test_an_engine_that_is_none_fails_the_load_with_its_reason(run, opened, argv, reason):
    async def act():
        async with opened(argv=argv) as gateway:
            with pytest.raises(ModelLoadError, match=reason):
                await gateway.load()

    run(act())


def test_a_crash_while_stopping_is_no_reason_to_restart(run, loaded):
    async def act():
        async with loaded(CRASHING) as gateway, gateway.generate() as generation:
            await anext(generation)
            stopping = asyncio.create_task(gateway.supervisor.shutdown(within_s=20))
            with pytest.raises(UnavailableError):
                [item async for item in generation]
            await stopping
            return gateway.worker().state, gateway.worker().history.n_starts

    assert run(act()) == (State.STOPPED, 1)


def test_an_unload_during_the_pause_after_a_crash_ends_it(run, loaded):
    async def act():
        async with loaded(CRASHING) as gateway:
            await crash(gateway)
            await gateway.supervisor.shutdown(within_s=0)
            return gateway.worker().state

    assert run(act()) is State.STOPPED
