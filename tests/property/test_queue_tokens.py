"""The count of tokens that wait is that of the prompts that do, whatever comes, goes and fails."""

from hypothesis import given, settings
from hypothesis import strategies as st

from corral.core.clock import MonotonicClock
from corral.core.engine_settings import EngineSettings
from corral.core.errors import InternalError
from corral.core.request import GenerationRequest
from corral.engine.fake import FakeBehaviour, FakeRunner
from corral.engine.intake import Intake
from corral.engine.scheduler import Scheduler

OPERATIONS = st.lists(
    st.tuples(st.sampled_from(["submit", "submit", "cancel", "step", "step", "fail"]), st.integers(0, 90)),
    max_size=60,
)


@settings(max_examples=60, deadline=None)
@given(operations=OPERATIONS)
def test_the_tokens_that_wait_are_counted_right(operations):
    engine = EngineSettings(n_ctx=256, n_parallel=2, n_batch=64)
    runner = FakeRunner(engine, FakeBehaviour())
    clock = MonotonicClock()
    intake = Intake(runner.vocabulary, runner.facts, clock, is_shiftable=False, projector=None)
    scheduler = Scheduler(runner, engine, clock)
    roster = scheduler.roster

    for number, (what, size) in enumerate(operations):
        if what == "submit":
            request = GenerationRequest(
                request_id=str(number), prompt=[[number % 256] * size], max_tokens=size % 5, n=1 + size % 2
            )
            scheduler.submit(intake.prepare(request))
        elif what == "cancel" and roster.ids:
            scheduler.cancel(roster.ids[size % len(roster.ids)])
        elif what == "fail" and not scheduler.is_idle:
            scheduler.fail_all(InternalError("a fault"))
        elif what == "step" and not scheduler.is_idle:
            scheduler.step()

        leaders = [sequence for sequence in roster.waiting if sequence.leader is None]
        assert roster.n_waiting_tokens == sum(len(sequence.prompt) for sequence in leaders)
        assert roster.n_waiting_turns == len(roster.waiting)
