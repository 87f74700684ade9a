"""Answers with prefixes in every tier are those of an engine without a cache, whatever happens."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from corral.core.clock import MonotonicClock
from corral.core.engine_settings import EngineSettings
from corral.core.messages import Finished, Stepped
from corral.core.request import GenerationRequest
from corral.engine.fake import FakeBehaviour, FakeRunner
from corral.engine.intake import Intake
from corral.engine.scheduler import Scheduler
from corral.engine.slot_file import Taker
from corral.engine.tiers.arrivals import Arrivals
from corral.engine.tiers.disk import DiskTier
from corral.engine.tiers.host import HostTier
from corral.engine.tiers.tiers import Tiers

BEGINNINGS = ["a" * 80, "a" * 70 + "b" * 90, "c" * 150, "c" * 100 + "d" * 40]
request = st.fixed_dictionaries(
    {
        "prompt": st.builds(
            lambda head, tail: [head + tail], st.sampled_from(BEGINNINGS), st.text("xy", max_size=4)
        ),
        "max_tokens": st.integers(0, 6),
        "n": st.integers(1, 2),
        "caller": st.sampled_from(["", "x"]),
        "is_cache_wanted": st.sampled_from([True, True, False]),
    }
)
action = st.one_of(
    st.tuples(st.just("submit"), request),
    st.tuples(st.just("step"), st.integers(1, 30)),
    st.tuples(st.just("cancel"), st.integers(0, 9)),
    st.tuples(st.just("restart"), st.none()),
)


class NowDisk(DiskTier):
    """Reads at once, on the caller's thread: what is under way does not depend on the machine."""

    def read(self, number, space, then):
        self._files[number] = file = self._files.pop(number)
        self._thread.submit(lambda: None).result()  # what is being written
        then(self._read(file, space))


class Machine:
    """An engine that can be restarted over its disk."""

    def __init__(self, folder, *, host_bytes, is_trimmable):
        self._folder, self._host_bytes = folder, host_bytes
        self._is_trimmable = is_trimmable
        self.events, self.submitted = [], {}
        self.start()

    def start(self):
        engine = EngineSettings(n_ctx=600, n_parallel=2, n_batch=64)
        runner = FakeRunner(engine, FakeBehaviour(is_trimmable=int(self._is_trimmable)))
        taker = Taker("fake", 300, 300)
        disk = NowDisk(str(self._folder), 100_000, taker)
        self.tiers = Tiers(HostTier(self._host_bytes, is_trimmable=self._is_trimmable), disk)
        self._deeds = []
        arrivals = Arrivals(self.tiers, lambda _, act: self._deeds.append(act))
        self.scheduler = Scheduler(runner, engine, MonotonicClock(), self.tiers, arrivals)
        self.intake = Intake(runner.vocabulary, runner.facts, MonotonicClock(), is_shiftable=True)

    def submit(self, fields):
        request_id = str(len(self.submitted))
        self.submitted[request_id] = fields
        prepared = self.intake.prepare(GenerationRequest(request_id=request_id, **fields))
        self.events += self.scheduler.submit(prepared)

    def step(self, times):
        for _ in range(times):
            deeds, self._deeds = self._deeds, []
            for deed in deeds:
                self.events += deed()
            if not self.scheduler.is_idle:
                self.events += self.scheduler.step()
                self.scheduler.ledger.check()

    def run(self):
        while not self.scheduler.is_done:
            self.step(1)

    def restart(self):
        self.run()
        self.scheduler.ledger.rescue_idle()
        self.tiers.close()
        self.start()

    def text(self, request_id, index):
        stepped = [event for event in self.events if isinstance(event, Stepped)]
        outputs = [o for event in stepped for o in event.outputs]
        return "".join(o.text for o in outputs if (o.request_id, o.index) == (request_id, index))


def uncached(fields):
    """Return the texts that the request gives alone in an engine that has seen nothing."""
    engine = EngineSettings(n_ctx=600, n_parallel=2, n_batch=64)
    runner = FakeRunner(engine)
    scheduler = Scheduler(runner, engine, MonotonicClock())
    intake = Intake(runner.vocabulary, runner.facts, MonotonicClock(), is_shiftable=True)
    events = scheduler.submit(intake.prepare(GenerationRequest(request_id="a", **fields)))
    while not scheduler.is_idle:
        events += scheduler.step()
    stepped = [event for event in events if isinstance(event, Stepped)]
    outputs = [o for event in stepped for o in event.outputs]
    return ["".join(o.text for o in outputs if o.index == i) for i in range(fields["n"])]


@settings(deadline=None, max_examples=40)
@given(st.lists(action, max_size=40), st.sampled_from([0, 700, 3000, None]), st.booleans())
def test_restored_is_recomputed(tmp_path_factory, actions, host_bytes, is_trimmable):
    machine = Machine(tmp_path_factory.mktemp("disk"), host_bytes=host_bytes, is_trimmable=is_trimmable)
    cancelled = set()

    for name, argument in actions:
        if name == "submit":
            machine.submit(argument)
        elif name == "step":
            machine.step(argument)
        elif name == "restart":
            machine.restart()
        elif str(argument) in machine.submitted:
            cancelled.add(str(argument))
            machine.events += machine.scheduler.cancel(str(argument))
    machine.run()
    machine.tiers.close()

    for request_id, fields in machine.submitted.items():
        assert machine.events.count(Finished(request_id)) == 1
        if request_id not in cancelled:
            assert [machine.text(request_id, i) for i in range(fields["n"])] == uncached(fields)


def test_a_chat_comes_back_from_disk_after_a_restart(tmp_path):
    machine = Machine(tmp_path, host_bytes=10_000, is_trimmable=True)
    fields = {"prompt": ["a" * 200], "max_tokens": 3}
    machine.submit(fields)
    machine.restart()

    machine.submit({**fields, "prompt": ["a" * 200 + "b"]})
    machine.run()

    starts = [s for e in machine.events if isinstance(e, Stepped) for s in e.starts]
    assert starts[-1].n_cached == 201
    machine.tiers.close()


def test_a_chat_comes_back_from_host_memory_after_others_took_its_cells(tmp_path):
    machine = Machine(tmp_path, host_bytes=None, is_trimmable=True)
    for letter in "abcdabcd":
        machine.submit({"prompt": [letter * 200], "max_tokens": 3})
        machine.run()

    starts = [s for e in machine.events if isinstance(e, Stepped) for s in e.starts]
    assert [start.n_cached for start in starts] == [0, 1, 1, 1] + [200] * 4  # all share BOS
    machine.tiers.close()
