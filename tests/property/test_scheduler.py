"""Any mix of requests and cancels: ledger invariants after every step, one last word on each request."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from corral.core.clock import MonotonicClock
from corral.core.engine_settings import EngineSettings
from corral.core.messages import Failed, Finished, Score, Scored
from corral.core.request import GenerationRequest, Guidance
from corral.engine.fake import FakeBehaviour, FakeRunner
from corral.engine.intake import Intake
from corral.engine.scheduler import Scheduler

guidance = st.builds(
    Guidance, scale=st.sampled_from([1, 2]), negative=st.lists(st.text("ab", max_size=60), max_size=1)
)
request = st.fixed_dictionaries(
    {
        "prompt": st.lists(st.text("ab", max_size=30), max_size=2),
        "max_tokens": st.one_of(st.none(), st.integers(0, 20)),
        "n": st.integers(1, 3),
        "slot": st.one_of(st.none(), st.integers(0, 2)),
        "is_cache_wanted": st.booleans(),
        "caller": st.sampled_from(["", "x"]),
        "stop": st.sampled_from([(), ("e", " a")]),
        "n_keep": st.sampled_from([0, 5, None]),
        "guidance": st.one_of(st.none(), guidance),
    }
)
score = st.fixed_dictionaries(
    {
        "prompt": st.lists(st.text("ab", max_size=30), max_size=1),
        "question": st.just(["?"]),
        "continuations": st.lists(st.text("ab", min_size=1, max_size=5), min_size=1, max_size=6),
        "caller": st.sampled_from(["", "x"]),
    }
)
action = st.one_of(
    st.tuples(st.just("submit"), request),
    st.tuples(st.just("score"), score),
    st.tuples(st.just("cancel"), st.integers(0, 10)),
    st.tuples(st.just("step"), st.integers(1, 8)),
)
behaviour = st.builds(
    FakeBehaviour,
    eos_after=st.sampled_from([0, 12]),
    is_trimmable=st.integers(0, 1),
    fail_after=st.sampled_from([0, 7]),
    is_shiftable=st.just(0),
)


@settings(deadline=None)
@given(st.lists(action, max_size=30), behaviour, st.booleans())
def test_every_request_ends_once_and_every_sequence_comes_back(actions, how, can_shift):
    if how.is_trimmable and can_shift:
        how = FakeBehaviour(eos_after=how.eos_after, fail_after=how.fail_after)
    engine = EngineSettings(n_ctx=120, n_parallel=3, n_batch=16)
    runner = FakeRunner(engine, how)
    intake = Intake(runner.vocabulary, runner.facts, MonotonicClock(), is_shiftable=True)
    scheduler = Scheduler(runner, engine, MonotonicClock())
    events, submitted = [], []

    def step(times):
        for _ in range(times):
            if not scheduler.is_idle:
                events.extend(scheduler.step())
                scheduler.ledger.check()

    for name, argument in actions:
        if name == "submit":
            submitted.append(str(len(submitted)))
            prepared = intake.prepare(GenerationRequest(request_id=submitted[-1], **argument))
            events.extend(scheduler.submit(prepared))
        elif name == "score":
            submitted.append(str(len(submitted)))
            events.extend(scheduler.submit(intake.prepare_score(Score(submitted[-1], **argument))))
        elif name == "cancel":
            events.extend(scheduler.cancel(str(argument)))
        else:
            step(argument)
    while not scheduler.is_idle:
        step(1)

    last_words = Counter(
        event.request_id for event in events if isinstance(event, Finished | Failed | Scored)
    )
    assert last_words == Counter(submitted)
    assert scheduler.ledger.n_idle == 3
    assert not scheduler.roster.companions
