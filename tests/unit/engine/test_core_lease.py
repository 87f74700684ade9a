"""Leased cores reach the runner between steps, in the order of the commands."""

from __future__ import annotations

from corral.core.messages import LeaseCores, Stepped
from corral.engine.desk import Desk
from corral.engine.loop import EngineLoop, Signal


def looped(bench, events):
    return EngineLoop(bench.scheduler, events.extend, bench.scheduler._clock)


def test_a_lease_comes_before_the_steps_of_what_comes_later(make_bench):
    bench, events = make_bench(), []
    loop = looped(bench, events)
    desk = Desk(loop, bench.intake, events.extend)
    desk.take(LeaseCores((1, 2)))
    loop.post(bench.prepare(prompt=["hi"], max_tokens=2))
    desk.take(LeaseCores())
    loop.post(Signal.DRAIN)

    loop.run()

    assert bench.runner.leases == [((1, 2), None), ((), None)]
    assert any(isinstance(event, Stepped) for event in events)


def test_an_engine_that_drains_still_takes_leases(make_bench):
    bench, events = make_bench(), []
    loop = looped(bench, events)
    loop.post(bench.prepare(prompt=["hi"], max_tokens=2))
    loop.post(Signal.DRAIN)
    loop.post(LeaseCores((0,)))

    loop.run()

    assert bench.runner.leases == [((0,), None)]


def test_cores_that_the_system_refuses_are_no_fault_of_requests(make_bench):
    def refuse(_cpus):
        raise OSError(22, "Invalid argument")

    bench, events = make_bench(), []
    bench.runner._bind = refuse
    loop = looped(bench, events)
    loop.post(LeaseCores((99,)))
    loop.post(bench.prepare(prompt=["hi"], max_tokens=2))
    loop.post(Signal.DRAIN)

    loop.run()

    bench.events = events
    assert (bench.runner.leases, bench.end().n_predicted) == ([((99,), None)], 2)
