"""Requests, calls on slots, changes of what stands, in any order: nothing is lost or mixed up."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from corral.core.clock import MonotonicClock
from corral.core.engine_settings import AdapterSettings, EngineSettings, LoraSettings
from corral.core.errors import InvalidRequestError
from corral.core.messages import EraseSlot, Failed, Finished, RestoreSlot, SaveSlot, SlotMoved, Stepped
from corral.core.request import GenerationRequest
from corral.engine.fake import FakeRunner
from corral.engine.intake import Intake
from corral.engine.scheduler import Scheduler
from corral.engine.slot_calls import SlotCalls
from corral.engine.slot_files import Moved

N_SLOTS = 3
ENGINE = EngineSettings(
    n_ctx=240,
    n_parallel=N_SLOTS,
    n_batch=16,
    adapters=AdapterSettings(loras=(LoraSettings("a", 0.0), LoraSettings("b", 0.0))),
)
LORAS = [None, ((0, 1.0),), ((1, 0.5), (0, 1.0))]

texts = st.text("abc", max_size=40).map(lambda tail: "once upon a time " + tail)
requests = st.fixed_dictionaries(
    {
        "prompt": texts.map(lambda text: [text]),
        "max_tokens": st.integers(0, 12),
        "caller": st.sampled_from(["ann", "bob"]),
        "loras": st.sampled_from(LORAS),
        "slot": st.sampled_from([None, None, 0, 2]),
        "is_cache_wanted": st.booleans(),
    }
)
slots, names = st.integers(0, N_SLOTS - 1), st.sampled_from(["f", "g"])
actions = st.lists(
    st.one_of(
        st.tuples(st.just("submit"), requests),
        st.tuples(st.just("cancel"), st.integers(0, 5)),
        st.tuples(st.just("step"), st.integers(1, 6)),
        st.tuples(st.just("save"), st.tuples(slots, names)),
        st.tuples(st.just("restore"), st.tuples(slots, names, st.sampled_from(["ann", "bob"]))),
        st.tuples(st.just("erase"), st.tuples(slots)),
        st.tuples(st.just("disk"), st.none()),
        st.tuples(st.just("scales"), st.sampled_from(LORAS[1:])),
        st.tuples(st.just("system"), st.sampled_from(["", "be kind ", "once "])),
    ),
    max_size=30,
)


class World:
    """An engine on the fake runner; its disk works when it is told to."""

    def __init__(self, **settings):
        engine = EngineSettings(**{**{f: getattr(ENGINE, f) for f in ENGINE.__struct_fields__}, **settings})
        self.runner = FakeRunner(engine)
        clock = MonotonicClock()
        self.intake = Intake(self.runner.vocabulary, self.runner.facts, clock, is_shiftable=True)
        self.scheduler = Scheduler(self.runner, engine, clock)
        post = lambda _, act: self.events.extend(act())  # noqa: E731
        self.calls = SlotCalls(self.runner.memory, self.scheduler.ledger, self, post, clock)
        self.events, self.files, self.due, self.n_calls = [], {}, [], 0
        self.submitted, self.cancelled = {}, set()

    def act(self, name, argument):
        standing = self.intake.standing
        match name:
            case "submit":
                self.submit(argument)
            case "cancel":
                self.cancelled.add(str(argument))
                self.events += self.scheduler.cancel(str(argument))
            case "step":
                self.steps(argument)
            case "disk":
                self.disk()
            case "scales":
                standing.set_loras(argument)
            case "system":
                standing.set_system_prompt(argument)
            case kind:
                self.call({"save": SaveSlot, "restore": RestoreSlot, "erase": EraseSlot}[kind], *argument)

    def submit(self, fields):
        request = GenerationRequest(request_id=str(len(self.submitted)), **fields)
        prepared = self.submitted[request.request_id] = self.intake.prepare(request)
        self.events += self.scheduler.submit(prepared)

    def steps(self, times):
        for _ in range(times):
            self.step()

    def write(self, path, content, then):
        self.due.append(lambda: (self.files.update({path: content}), then(Moved(content, 1, 0.0))))

    def read(self, path, then):
        def do():
            content = self.files.get(path)
            then(Moved(content, 1, 0.0) if content is not None else InvalidRequestError("none"))

        self.due.append(do)

    def disk(self):
        due, self.due = self.due, []
        for do in due:
            do()

    def step(self):
        self.events += self.calls.run()
        if not self.scheduler.is_idle:
            self.events += self.scheduler.step()
        self.events += self.calls.run()
        self.scheduler.ledger.check()

    def call(self, kind, *arguments):
        self.n_calls += 1
        self.events += self.calls.take(kind(f"call {self.n_calls}", *arguments))

    def finish(self):
        while not self.scheduler.is_idle or self.due:
            self.step()
            self.disk()

    def text(self, request_id):
        outputs = (o for e in self.events if isinstance(e, Stepped) for o in e.outputs)
        return "".join(output.text for output in outputs if output.request_id == request_id)


def alone(prepared):
    """Return what the same tokens with the same adapters give in an engine of their own."""
    world = World()
    world.scheduler.submit(prepared)
    world.events += world.scheduler.step() if not world.scheduler.is_idle else []
    world.finish()
    return world.text(prepared.request_id)


@settings(deadline=None, max_examples=60)
@given(actions)
def test_every_answer_is_its_own_and_every_call_is_answered(todo):
    world = World()

    for name, argument in todo:
        world.act(name, argument)
    world.finish()

    last_words = Counter(e.request_id for e in world.events if isinstance(e, Finished | Failed | SlotMoved))
    assert last_words == Counter([*world.submitted, *(f"call {n + 1}" for n in range(world.n_calls))])
    kept = [prepared for key, prepared in world.submitted.items() if key not in world.cancelled]
    assert [world.text(prepared.request_id) for prepared in kept] == [alone(prepared) for prepared in kept]
