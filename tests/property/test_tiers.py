"""Answers with prefixes in every tier are those of an engine without a cache, whatever happens meanwhile."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corral.core.clock import MonotonicClock
from corral.core.engine_settings import AdapterSettings, EngineSettings, LoraSettings
from corral.core.errors import InternalError
from corral.core.messages import (
    EraseSlot,
    Failed,
    Finished,
    RestoreSlot,
    SaveSlot,
    Score,
    Scored,
    Stepped,
)
from corral.core.request import GenerationRequest, Guidance, Media
from corral.engine.fake import FakeBehaviour, FakeMemory, FakeRunner
from corral.engine.intake import Intake
from corral.engine.radix import common_length
from corral.engine.scheduler import Scheduler
from corral.engine.slot_calls import SlotCalls
from corral.engine.slot_file import Taker
from corral.engine.slot_files import Moved
from corral.engine.tiers.arrivals import Arrivals
from corral.engine.tiers.checkpoints import Checkpoints
from corral.engine.tiers.disk import DiskTier
from corral.engine.tiers.host import HostTier
from corral.engine.tiers.tiers import Tiers
from corral.engine.window import is_window_sliding

N_SLOTS, N_CTX = 3, 360
BEGINNINGS = ["a" * 80, "a" * 70 + "b" * 90, "c" * 150, "c" * 100 + "d" * 40]
CAT = Media(b"8:cat")
CALLERS = st.sampled_from(["", "x"])
pieces = st.one_of(
    st.builds(lambda head, tail: [head + tail], st.sampled_from(BEGINNINGS), st.text("xy", max_size=4)),
    st.builds(lambda head, tail: [head, CAT, tail], st.sampled_from(BEGINNINGS), st.text("xy", max_size=4)),
)
guidance = st.builds(Guidance, scale=st.just(2), negative=st.sampled_from([["a" * 90], ["n"]]))
request = st.one_of(
    st.fixed_dictionaries(
        {
            "prompt": pieces,
            "max_tokens": st.integers(0, 6),
            "n": st.integers(1, 2),
            "caller": CALLERS,
            "is_cache_wanted": st.sampled_from([True, True, False]),
            "slot": st.sampled_from([None, None, None, 1]),
            "loras": st.sampled_from([None, None, ((0, 0.5),)]),
            "priority": st.integers(0, 1),
        }
    ),
    st.fixed_dictionaries(
        {
            "prompt": st.builds(lambda head: [head], st.sampled_from(BEGINNINGS)),
            "max_tokens": st.sampled_from([5, 250]),  # beyond the context: it is shifted
            "n_keep": st.sampled_from([0, 90, None]),
            "caller": CALLERS,
            "guidance": st.one_of(st.none(), guidance),
        }
    ),
)
score = st.fixed_dictionaries(
    {
        "prompt": st.builds(lambda head: [head], st.sampled_from(BEGINNINGS)),
        "question": st.sampled_from([["?"], ["q" * 70]]),
        "continuations": st.lists(st.text("ab", min_size=1, max_size=4), min_size=1, max_size=4),
        "caller": CALLERS,
    }
)
action = st.one_of(
    st.tuples(st.just("submit"), request),
    st.tuples(st.just("submit"), request),
    st.tuples(st.just("score"), score),
    st.tuples(st.just("step"), st.integers(1, 30)),
    st.tuples(st.just("cancel"), st.integers(0, 9)),
    st.tuples(st.just("slot"), st.tuples(st.sampled_from([SaveSlot, RestoreSlot, EraseSlot]), CALLERS)),
    st.tuples(st.just("system"), st.sampled_from(["", "s" * 70, "s" * 100, "a" * 75])),
    st.tuples(st.just("refuse"), st.booleans()),
    st.tuples(st.just("fail"), st.none()),
    st.tuples(st.just("restart"), st.none()),
)


@dataclass(frozen=True)
class How:
    """What kind of engine it is."""

    host_bytes: int | None = None
    is_trimmable: bool = True
    n_checkpoints: int = 3
    is_batching_continuous: bool = True
    has_delays: bool = False


class NowDisk(DiskTier):
    """Reads at once, on the caller's thread: what is under way does not depend on the machine."""

    def read(self, number, space, then):
        self._files[number] = file = self._files.pop(number)
        self.flush()
        then(self._read(number, file, space))
        return bool


class MemoryThatRefuses(FakeMemory):
    """Takes no state while it `is_refusing`."""

    is_refusing = False

    def set_state(self, seq_id, state):
        return False if self.is_refusing else super().set_state(seq_id, state)


class FilesInMemory:
    """Slot files, written and read at once."""

    def __init__(self):
        self.files = {}

    def write(self, path, content, then):
        self.files[path] = content
        then(Moved(content, 0, 0.0))

    def read(self, path, then):
        then(Moved(self.files[path], 0, 0.0))


def make_runner(how, *, system=""):
    engine = EngineSettings(
        n_ctx=N_SLOTS * N_CTX,
        n_parallel=N_SLOTS,
        n_batch=48,
        adapters=AdapterSettings(loras=(LoraSettings("fake.gguf"),)),
        is_batching_continuous=how.is_batching_continuous,
    )
    runner = FakeRunner(engine, FakeBehaviour(is_trimmable=int(how.is_trimmable), media=1))
    runner.is_shiftable = how.is_trimmable
    runner.memory = MemoryThatRefuses(N_SLOTS, is_trimmable=how.is_trimmable)
    is_shiftable = is_window_sliding(engine, is_shiftable=runner.is_shiftable)
    intake = Intake(
        runner.vocabulary,
        runner.facts,
        MonotonicClock(),
        is_shiftable=is_shiftable,
        projector=runner.projector,
    )
    intake.standing.set_system_prompt(system)
    return engine, runner, intake


class Machine:
    """An engine that can be restarted over its disk."""

    def __init__(self, folder, how):
        self._folder, self._how = folder, how
        self.events, self.submitted, self.prepared = [], {}, {}
        self.files = FilesInMemory()
        self.saved_by = {}
        self.failed = set()
        self.system = ""
        self.start()

    def start(self):
        how = self._how
        engine, self.runner, self.intake = make_runner(how, system=self.system)
        disk = NowDisk(str(self._folder), 100_000, Taker("fake", 300, N_CTX), is_trimmable=how.is_trimmable)
        host = HostTier(how.host_bytes, is_trimmable=how.is_trimmable)
        self.tiers = Tiers(host, disk, Checkpoints(how.n_checkpoints, 32))
        self._deeds = []
        clock = MonotonicClock()
        arrivals = Arrivals(self.tiers, lambda _, act: self._deeds.append(act))
        self.scheduler = Scheduler(self.runner, engine, clock, self.tiers, arrivals)
        self.slots = SlotCalls(
            self.runner.memory,
            self.scheduler.ledger,
            self.files,
            lambda _, act: self._deeds.append(act),
            clock,
        )
        self.host = host

    def submit(self, fields):
        request_id = str(len(self.submitted))
        prepared = self.intake.prepare(GenerationRequest(request_id=request_id, **fields))
        self._accept(request_id, fields, prepared)

    def score(self, fields):
        request_id = str(len(self.submitted))
        self._accept(request_id, fields, self.intake.prepare_score(Score(request_id, **fields)))

    def _accept(self, request_id, fields, prepared):
        self.submitted[request_id] = (fields, self.system)
        self.prepared[request_id] = prepared
        self.events += self.scheduler.submit(prepared)

    def slot(self, kind_and_caller):
        """Save, restore or erase slot 0. A file is restored for whom it was saved."""
        kind, caller = kind_and_caller
        call_id = f"slot {len(self.events)}"
        if kind is EraseSlot:
            self.events += self.slots.take(EraseSlot(call_id, 0))
        elif kind is SaveSlot and self.scheduler.ledger.is_idle(0):
            space, _ = self.scheduler.ledger.content(0)
            self.saved_by[space.caller] = path = f"saved by {space.caller}"
            self.events += self.slots.take(SaveSlot(call_id, 0, path))
        elif kind is RestoreSlot and caller in self.saved_by:
            self.events += self.slots.take(RestoreSlot(call_id, 0, self.saved_by[caller], caller))

    def system_prompt(self, text):
        self.system = text
        self.intake.standing.set_system_prompt(text)

    def fail(self):
        failed = self.scheduler.fail_all(InternalError("a step failed"))
        self.failed |= {event.request_id for event in failed}
        self.events += failed

    def refuse(self, is_refusing):
        self.runner.memory.is_refusing = is_refusing

    def step(self, times):
        for number in range(times):
            if not self._how.has_delays or number % 4 == 3:
                deeds, self._deeds = self._deeds, []
                for deed in deeds:
                    self.events += deed()
            self.events += self.slots.run()
            if not self.scheduler.is_idle:
                self.events += self.scheduler.step()
            self.scheduler.ledger.check()
            self.host.check()

    def run(self):
        while not self.scheduler.is_done or self._deeds:
            self.step(4)

    def restart(self):
        self.run()
        self.scheduler.ledger.rescue_idle()
        self.tiers.close()
        self.start()

    def of(self, request_id, index):
        stepped = [event for event in self.events if isinstance(event, Stepped)]
        outputs = [o for event in stepped for o in event.outputs]
        return [o for o in outputs if (o.request_id, o.index) == (request_id, index)]

    def text(self, request_id, index):
        return "".join(output.text for output in self.of(request_id, index))

    def scored(self, request_id):
        return next(e.logprobs for e in self.events if isinstance(e, Scored) and e.request_id == request_id)


def uncached(fields, system, how):
    """Return what the request gives alone in an engine that has seen nothing."""
    engine, runner, intake = make_runner(how, system=system)
    scheduler = Scheduler(runner, engine, MonotonicClock())
    is_score = "continuations" in fields
    if is_score:
        prepared = intake.prepare_score(Score("a", **fields))
    else:
        prepared = intake.prepare(GenerationRequest(request_id="a", **fields))
    events = scheduler.submit(prepared)
    while not scheduler.is_idle:
        events += scheduler.step()
    if is_score:
        return next(event.logprobs for event in events if isinstance(event, Scored))
    outputs = [o for event in events if isinstance(event, Stepped) for o in event.outputs]
    return ["".join(o.text for o in outputs if o.index == i) for i in range(fields.get("n", 1))]


def histories(machine):
    """Return what was ever computed, by request and index: whose it is, and the tokens."""
    found = {}
    for request_id, prepared in machine.prepared.items():
        key = prepared.space.caller, prepared.space.loras
        for index in range(prepared.request.n):
            said = [token for output in machine.of(request_id, index) for token in output.tokens]
            found[request_id, index] = key, np.concatenate([prepared.prompt, np.array(said, np.int32)])
        if prepared.negative is not None:
            said = found[request_id, 0][1][len(prepared.prompt) :]
            found[request_id, "negative"] = key, np.concatenate([prepared.negative, said])
    return found


def check_nothing_was_told(machine):
    """Assert that nobody was told of more cached tokens than the same caller had sent or been given."""
    known = histories(machine)
    for event in machine.events:
        for start in event.starts if isinstance(event, Stepped) else ():
            prepared = machine.prepared[start.request_id]
            others = [
                tokens
                for who, (key, tokens) in known.items()
                if key == (prepared.space.caller, prepared.space.loras)
                and who != (start.request_id, start.index)
            ]
            n_own = max((common_length(tokens, prepared.prompt) for tokens in others), default=0)
            assert start.n_cached <= max(0, n_own - prepared.n_system)


hows = st.builds(
    How,
    host_bytes=st.sampled_from([0, 700, 3000, None]),
    is_trimmable=st.booleans(),
    n_checkpoints=st.sampled_from([0, 1, 3]),
    is_batching_continuous=st.booleans(),
    has_delays=st.booleans(),
)


@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(st.lists(action, min_size=30, max_size=60), hows)
def test_restored_is_recomputed(tmp_path_factory, actions, how):
    machine = Machine(tmp_path_factory.mktemp("disk"), how)
    cancelled = set()

    for name, argument in actions:
        if name == "cancel":
            if str(argument) in machine.submitted:
                cancelled.add(str(argument))
                machine.events += machine.scheduler.cancel(str(argument))
        elif name in ("fail", "restart"):
            getattr(machine, name)()
        else:
            getattr(machine, "system_prompt" if name == "system" else name)(argument)
    machine.run()
    machine.tiers.close()

    ended = [event for event in machine.events if isinstance(event, Finished | Failed | Scored)]
    last_words = Counter(event.request_id for event in ended)
    failed = {event.request_id for event in ended if isinstance(event, Failed)}
    assert failed & machine.submitted.keys() == machine.failed  # a slot may refuse what it is given
    for request_id, (fields, system) in machine.submitted.items():
        is_score = "continuations" in fields
        assert last_words[request_id] == 1 or (is_score and request_id in cancelled)
        if request_id in cancelled | machine.failed:
            continue
        if is_score:
            assert machine.scored(request_id) == uncached(fields, system, how)
        else:
            n = fields.get("n", 1)
            assert [machine.text(request_id, i) for i in range(n)] == uncached(fields, system, how)
    assert machine.scheduler.ledger.n_idle == N_SLOTS
    check_nothing_was_told(machine)


def test_a_chat_comes_back_from_disk_after_a_restart(tmp_path):
    machine = Machine(tmp_path, How(host_bytes=10_000))
    fields = {"prompt": ["a" * 200], "max_tokens": 3}
    machine.submit(fields)
    machine.restart()

    machine.submit({**fields, "prompt": ["a" * 200 + "b"]})
    machine.run()

    starts = [s for e in machine.events if isinstance(e, Stepped) for s in e.starts]
    assert starts[-1].n_cached == 201
    machine.tiers.close()


def test_a_chat_comes_back_from_host_memory_after_others_took_its_cells(tmp_path):
    machine = Machine(tmp_path, How())
    for letter in "abcdabcd":
        machine.submit({"prompt": [letter * 200], "max_tokens": 3})
        machine.run()

    starts = [s for e in machine.events if isinstance(e, Stepped) for s in e.starts]
    assert [start.n_cached for start in starts] == [0, 1, 1, 1] + [200] * 4  # all share BOS
    machine.tiers.close()


def test_another_caller_gets_nothing_from_disk_that_this_one_left(tmp_path):
    machine = Machine(tmp_path, How(host_bytes=10_000))
    fields = {"prompt": ["a" * 200], "max_tokens": 3}
    machine.submit({**fields, "caller": "x"})
    machine.restart()

    for caller in ("", "y", "x"):
        machine.submit({**fields, "caller": caller})
        machine.run()

    starts = [s for e in machine.events if isinstance(e, Stepped) for s in e.starts]
    assert [start.n_cached for start in starts] == [0, 0, 0, 200]
    machine.tiers.close()
