"""Many models over real engine processes: loaded on demand, kept in use, unloaded for others."""

import asyncio
import os
import signal

import msgspec
import pytest

from corral.core.errors import (
    EngineCrashedError,
    InvalidRequestError,
    ModelLoadError,
    NotFoundError,
    UnavailableError,
)
from corral.core.memory import Memory
from corral.core.request import GenerationRequest
from corral.core.settings import StaySettings
from tests.process.fleet import ENGINE, entry, fleet

SLOW = "fake:step_ms=20"


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def until(condition):
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 (states are the supervisor's to signal)
            await asyncio.sleep(0.005)


def test_the_first_request_loads_its_model_and_the_next_find_it(run):
    async def act():
        async with fleet(entry("a"), entry("b")) as many:
            before = many.state("a")
            outputs = await many.outputs("a")
            await many.outputs("a", "again")
            return before, outputs, many.state("a"), many.state("b"), many.found

    before, outputs, after, other, found = run(act())

    assert (before, after, other) == ("unloaded", "ready", "unloaded")
    assert len(outputs) == 3
    assert found == ["fake:"]


def test_a_burst_of_requests_loads_once(run):
    async def act():
        async with fleet(entry("a", "fake:load_ms=100")) as many:
            await asyncio.gather(*(many.outputs("a", f"r{n}") for n in range(20)))
            return many.found

    assert len(run(act())) == 1


def test_an_idle_model_makes_way_and_its_process_is_gone_before_the_next_begins(run):
    async def act():
        async with fleet(entry("a"), entry("b"), n_workers=1) as many:
            await many.outputs("a")
            pid = many.worker("a").process.pid
            await many.outputs("b")
            return alive(pid), many.state("a"), many.state("b")

    assert run(act()) == (False, "unloaded", "ready")


def test_models_take_turns_without_losing_a_request(run):
    async def act():
        async with fleet(entry("a"), entry("b"), n_workers=1) as many:
            names = ["a", "b"] * 5
            return await asyncio.gather(*(many.outputs(name, f"r{n}") for n, name in enumerate(names)))

    assert [len(outputs) for outputs in run(act())] == [3] * 10


def test_a_busy_model_is_not_unloaded_while_its_request_runs(run):
    async def act():
        async with fleet(entry("a", SLOW), entry("b"), n_workers=1) as many:
            long = asyncio.create_task(many.outputs("a", max_tokens=50))  # longer than a model is waited for
            await until(lambda: many.state("a") == "ready" and many.router.view("a").n_open)
            other = await many.outputs("b")
            return long.done(), await long, other

    was_done, long, other = run(act())

    assert was_done
    assert len(long) == 50
    assert len(other) == 3


def test_new_requests_do_not_keep_a_model_from_making_way(run):
    async def act():
        async with fleet(entry("a", "fake:step_ms=5"), entry("b"), n_workers=1) as many:
            stop = asyncio.Event()

            async def keep_asking(number):
                n_done = 0
                while not stop.is_set():
                    await many.outputs("a", f"a{number}-{n_done}", max_tokens=20)
                    n_done += 1

            askers = [asyncio.create_task(keep_asking(number)) for number in range(3)]
            await until(lambda: many.state("a") == "ready")
            other = await many.outputs("b")
            stop.set()
            await asyncio.gather(*askers)
            return other

    assert len(run(act())) == 3


def test_a_request_that_waits_too_long_for_room_is_told_why_and_when_to_come_back(run):
    async def act():
        async with fleet(entry("a", SLOW), entry("b"), n_workers=1, load_wait_s=0.3) as many:
            long = asyncio.create_task(many.outputs("a", max_tokens=50))
            await until(lambda: many.state("a") == "ready")
            with pytest.raises(UnavailableError, match="waits until another model is idle") as refusal:
                await many.outputs("b")
            await until(lambda: many.state("b") == "unloaded")
            await long
            return refusal.value.facts

    assert run(act())["retry_after_s"] > 0


def test_a_pinned_model_stays_and_others_are_refused(run):
    async def act():
        pinned = entry("a", stay=StaySettings(is_pinned=True))
        async with fleet(pinned, entry("b"), n_workers=1) as many:
            await many.outputs("a")
            plan = many.router.placement("b")
            with pytest.raises(UnavailableError, match="may not be unloaded"):
                await many.outputs("b")
            await many.router.pin("a", is_pinned=False)
            return plan.verdict.value, many.router.placement("b").evicted, len(await many.outputs("b"))

    assert run(act()) == ("refuse", ("a",), 3)


def test_the_memory_budget_decides_how_many_stay(run):
    async def act():
        entries = [entry(name, n_bytes=4 * 10**9) for name in "abc"]
        async with fleet(*entries, budget=Memory(9 * 10**9)) as many:
            for name in "abc":
                await many.outputs(name)
            return [many.state(name) for name in "abc"]

    assert run(act()) == ["unloaded", "ready", "ready"]


def test_an_idle_model_is_unloaded_when_its_time_is_over(run):
    async def act():
        async with fleet(entry("a", stay=StaySettings(ttl_s=0.2))) as many:
            await many.outputs("a")
            view = many.router.view("a")
            await until(lambda: many.state("a") == "unloaded")
            return view.expires_in_s, len(await many.outputs("a", "again"))

    expires_in_s, n_outputs = run(act())

    assert 0 < expires_in_s <= 0.2
    assert n_outputs == 3


def test_a_request_says_how_long_its_model_stays(run):
    async def act():
        async with fleet(entry("a", stay=StaySettings(ttl_s=0.1))) as many:
            await many.outputs("a", keep_alive_s=-1)
            kept = many.router.view("a").expires_in_s
            await many.outputs("a", "last", keep_alive_s=0)
            await until(lambda: many.state("a") == "unloaded")
            return kept

    assert run(act()) is None


def test_an_unknown_model_is_not_found_and_the_others_are_named(run):
    async def act():
        async with fleet(entry("a")) as many:
            with pytest.raises(NotFoundError, match=r"'x' does not exist. There are: a"):
                await many.outputs("x")

    run(act())


def test_a_model_that_does_not_load_says_why_and_goes_into_quarantine(run):
    async def act():
        async with fleet(entry("a", "fake:load_fails=1"), entry("b")) as many:
            for n in range(3):
                with pytest.raises(ModelLoadError):
                    await many.outputs("a", f"r{n}")
            with pytest.raises(UnavailableError, match="3 times in a row"):
                await many.outputs("a")
            view = many.router.view("a")
            return view.state.value, view.reason, len(many.found), len(await many.outputs("b"))

    state, reason, n_tries, n_others = run(act())

    assert (state, n_tries, n_others) == ("quarantined", 3, 3)
    assert reason


def test_an_administrators_load_tries_a_quarantined_model_again(run):
    async def act():
        async with fleet(entry("a", "fake:load_fails=1")) as many:
            for n in range(3):
                with pytest.raises(ModelLoadError):
                    await many.outputs("a", f"r{n}")
            with pytest.raises(ModelLoadError):
                await many.router.load("a")
            return many.state("a")

    assert run(act()) == "failed"


def test_a_changed_declaration_is_loaded_once_the_model_is_idle(run):
    async def act():
        async with fleet(entry("a", "fake:eos_after=3")) as many:
            await many.outputs("a")
            many.catalogue.changed = [entry("a", "fake:eos_after=4"), entry("new")]
            await many.router.rescan()
            await until(lambda: many.state("a") == "unloaded")
            await many.outputs("a", "next")
            return many.found, [view.name for view in many.router.views()]

    assert run(act()) == (["fake:eos_after=3", "fake:eos_after=4"], ["a", "new"])


def test_a_killed_engine_fails_its_own_streams_only_and_comes_back(run):
    async def act():
        async with fleet(entry("a", SLOW), entry("b", SLOW)) as many:
            async with many.router.opened("a") as door:
                request = GenerationRequest(request_id="r", prompt=["hi"], max_tokens=500)
                async with door.generate(request) as generation:
                    await anext(generation)
                    other = asyncio.create_task(many.outputs("b", max_tokens=30))
                    await until(lambda: many.state("b") == "ready")
                    os.kill(many.worker("a").process.pid, signal.SIGKILL)
                    with pytest.raises(EngineCrashedError, match="SIGKILL"):
                        [item async for item in generation]
                state = many.state("a")
            return state, len(await other), len(await many.outputs("a", "again"))

    state, n_others, n_again = run(act())

    assert state in {"restarting", "ready"}
    assert (n_others, n_again) == (30, 3)


def test_unloading_lets_requests_end_and_a_later_one_loads_again(run):
    async def act():
        async with fleet(entry("a", SLOW)) as many:
            running = asyncio.create_task(many.outputs("a", max_tokens=20))
            await until(lambda: many.state("a") == "ready" and many.worker("a").n_open)
            view = await many.router.unload("a", within_s=10)
            return view.state.value, len(await running), len(await many.outputs("a", "again"))

    assert run(act()) == ("unloaded", 20, 3)


def test_another_purpose_has_a_process_of_its_own(run):
    async def act():
        async with fleet(entry("a")) as many:
            await many.outputs("a")
            async with many.router.opened("a", purpose="embed") as door:
                embedded = await door.embed([["hello"]])
                name = door.name
            return name, len(embedded.vectors), [view.name for view in many.router.views()]

    assert run(act()) == ("a", 1, ["a", "a (embed)"])


def test_who_leaves_while_a_model_waits_for_room_takes_the_wish_along(run):
    async def act():
        async with fleet(entry("a", SLOW), entry("b"), n_workers=1) as many:
            long = asyncio.create_task(many.outputs("a", max_tokens=60))
            await until(lambda: many.state("a") == "ready")
            waiting = asyncio.create_task(many.outputs("b"))
            await until(lambda: many.state("b") == "waiting")
            waiting.cancel()
            await asyncio.wait([waiting])
            await until(lambda: many.state("b") == "unloaded")
            await long
            return many.state("a"), many.router.view("b").n_open

    assert run(act()) == ("ready", 0)


def test_a_full_queue_for_one_model_refuses_at_once(run):
    async def act():
        engine = msgspec.structs.replace(ENGINE, max_queue=2)
        async with fleet(entry("a", "fake:load_ms=300", engine=engine)) as many:
            waiting = [asyncio.create_task(many.outputs("a", f"r{n}")) for n in range(2)]
            await until(lambda: many.router.view("a").n_open == 2)
            with pytest.raises(UnavailableError, match="Too many requests wait"):
                await many.outputs("a", "one too many")
            return [len(outputs) for outputs in await asyncio.gather(*waiting)]

    assert run(act()) == [3, 3]


def test_what_happens_to_a_model_is_told_in_order(run):
    async def act():
        async with fleet(entry("a")) as many:
            told = []

            async def follow():
                async for event in many.router.events():
                    told.append(event.state.value)  # noqa: PERF401 (those so far count)

            following = asyncio.create_task(follow())
            await asyncio.sleep(0)
            await many.outputs("a")
            await many.router.unload("a", within_s=0)
            await until(lambda: told[-1:] == ["unloaded"])
            following.cancel()
            return list(dict.fromkeys(told))

    assert run(act()) == ["loading", "ready", "unloading", "unloaded"]


def test_a_model_of_another_engine_setting_is_untouched(run):
    async def act():
        async with fleet(entry("a", engine=ENGINE), entry("b")) as many:
            await many.router.load("b", is_default=True)
            return many.router.view(None).name, many.state("a")

    assert run(act()) == ("b", "unloaded")


def test_a_models_counts_go_on_when_it_is_loaded_again(run):
    async def act():
        async with fleet(entry("a")) as many:
            await many.outputs("a", max_tokens=5)
            await many.router.unload("a", within_s=0)
            await many.outputs("a", "again", max_tokens=5)
            return many.router.door("a").metrics()

    counts = run(act())

    assert (counts.n_predicted_total, counts.n_loads, counts.n_restarts) == (10, 2, 0)


def test_what_ran_at_two_crashes_is_remembered_until_somebody_loads_the_model(run):
    async def crash(many, name):
        with pytest.raises(EngineCrashedError):
            await many.outputs(name, max_tokens=50)

    async def act():
        async with fleet(entry("a", "fake:crash_after=5")) as many:
            await crash(many, "a")
            await many.router.unload("a", within_s=0)
            await crash(many, "a")
            await many.router.unload("a", within_s=0)
            with pytest.raises(InvalidRequestError, match="running both times"):
                await many.outputs("a", max_tokens=50)
            await many.router.load("a")
            await crash(many, "a")

    run(act())
