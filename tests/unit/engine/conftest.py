"""A scheduler over the fake runner, with a clock that the test moves."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from corral.core.engine_settings import EngineSettings
from corral.core.messages import AnyEvent, Finished, Stepped
from corral.core.request import GenerationRequest
from corral.engine.fake import FakeBehaviour, FakeRunner
from corral.engine.intake import Intake
from corral.engine.scheduler import Scheduler
from corral.engine.window import is_window_sliding


class HandClock:
    """Time that moves by a millisecond whenever somebody looks."""

    def __init__(self):
        self._now_s = 0.0

    def now_s(self):
        self._now_s += 0.001
        return self._now_s

    def pass_by(self, seconds):
        self._now_s += seconds


@dataclass
class Bench:
    """Everything of one engine, without threads."""

    runner: FakeRunner
    scheduler: Scheduler
    intake: Intake
    clock: HandClock
    events: list[AnyEvent] = field(default_factory=list)

    def prepare(self, **fields):
        return self.intake.prepare(GenerationRequest(**{"request_id": "a", "is_bos_wanted": False, **fields}))

    def submit(self, **fields):
        self.events += self.scheduler.submit(self.prepare(**fields))

    def step(self):
        events = self.scheduler.step()
        self.scheduler.ledger.check()
        self.events += events
        return events

    def run(self):
        while not self.scheduler.is_idle:
            self.step()
        return self

    def outputs(self, request_id="a", index=0):
        stepped = [event for event in self.events if isinstance(event, Stepped)]
        return [o for e in stepped for o in e.outputs if (o.request_id, o.index) == (request_id, index)]

    def starts(self):
        return [start for event in self.events if isinstance(event, Stepped) for start in event.starts]

    def text(self, request_id="a", index=0):
        return "".join(output.text for output in self.outputs(request_id, index))

    def end(self, request_id="a", index=0):
        (end,) = [output.end for output in self.outputs(request_id, index) if output.end is not None]
        return end

    def n_finished(self, request_id="a"):
        return self.events.count(Finished(request_id))


@pytest.fixture
def make_bench():
    def make(behaviour=None, **settings):
        engine = EngineSettings(**{"n_ctx": 256, "n_parallel": 2, "n_batch": 64, **settings})
        runner = FakeRunner(engine, behaviour or FakeBehaviour())
        clock = HandClock()
        is_shiftable = is_window_sliding(engine, is_shiftable=runner.is_shiftable)
        intake = Intake(
            runner.vocabulary, runner.facts, clock, is_shiftable=is_shiftable, projector=runner.projector
        )
        return Bench(runner, Scheduler(runner, engine, clock), intake, clock)

    return make


@pytest.fixture
def bench(make_bench):
    return make_bench()
