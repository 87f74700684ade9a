"""Any mix of requests gives the same with drafts and without: texts, counts, one last word on each."""

from __future__ import annotations

from collections import Counter, defaultdict

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from corral.core.clock import MonotonicClock
from corral.core.engine_settings import DraftSettings, EngineSettings, RopeSettings
from corral.core.messages import Failed, Finished, Stepped
from corral.core.outcome import FinishReason
from corral.core.request import DraftLimits, GenerationRequest, Guidance, Thinking
from corral.core.sampling import SamplingParams
from corral.core.structure import Structure, StructureKind
from corral.engine.draft.drafting import Drafting
from corral.engine.fake import FakeBehaviour, FakeRunner
from corral.engine.intake import Intake
from corral.engine.scheduler import Scheduler

N_SLOTS = 3
OFF = DraftSettings(kinds=())
LIST = Structure(StructureKind.REGEX, r"(abc(de|fg)?){3,9}")

request = st.fixed_dictionaries(
    {
        "prompt": st.lists(
            st.sampled_from([" abcde abcde", "fgh" * 9, "x", "e abcd"]), min_size=1, max_size=3
        ),
        "max_tokens": st.one_of(st.none(), st.integers(0, 70)),
        "n": st.integers(1, 2),
        "is_cache_wanted": st.booleans(),
        "stop": st.sampled_from([(), ("cde a", "q"), ("bc",)]),
        "sampling": st.sampled_from([SamplingParams(), SamplingParams(n_probs=2)]),
        "structure": st.sampled_from([None, None, LIST]),
        "guidance": st.sampled_from([None, None, Guidance(scale=2, negative=["b"])]),
        "thinking": st.sampled_from(
            [None, None, Thinking(n_tokens=5, begin="b", end="]", closing="abc]", is_open=True)]
        ),
        "n_indent": st.integers(0, 1),
        "drafts": st.sampled_from([DraftLimits(), DraftLimits(n_max=1), DraftLimits(n_max=40, n_min=2)]),
    }
)
action = st.one_of(
    st.tuples(st.just("submit"), request),
    st.tuples(st.just("run"), st.none()),
    st.tuples(st.just("cancel"), st.integers(0, 4)),
)
behaviour = st.builds(
    FakeBehaviour,
    refrain=st.sampled_from([4, 6, 9]),
    eos_after=st.sampled_from([0, 0, 60]),
    utf8=st.sampled_from([0, 0, 1]),
    is_shiftable=st.integers(0, 1),
)


drafts = st.sampled_from(
    [
        DraftSettings(),
        DraftSettings(model_path="fake"),
        DraftSettings(kinds=("draft-simple",), model_path="fake", n_max=5),
        DraftSettings(n_min=3),
    ]
)


class Always(Drafting):
    """Drafts all that there is, whatever it costs: nothing here is measured."""

    def __init__(self, drafting):
        vars(self).update(vars(drafting))
        self._by_text = self._by_model = self._used = self

    def n_worth(self, rates):
        return sum(1 for _ in rates)

    def observe(self, n_drafted, step_ms):
        pass

    def passed(self):
        pass


class Engine:
    """An engine that tells what it gave each sequence."""

    def __init__(self, how, **given_settings):
        self.settings = EngineSettings(
            **{"n_ctx": 240, "n_parallel": N_SLOTS, "n_batch": 32, **given_settings}
        )
        self.runner = FakeRunner(self.settings, how)
        self.scheduler = Scheduler(self.runner, self.settings, MonotonicClock())
        planner = self.scheduler._planner
        planner.drafting = Always(planner.drafting)
        self._intake = Intake(self.runner.vocabulary, self.runner.facts, MonotonicClock(), is_shiftable=True)
        self.events = []

    def submit(self, **fields):
        self.events += self.scheduler.submit(self._intake.prepare(GenerationRequest(**fields)))

    def cancel(self, request_id):
        self.events += self.scheduler.cancel(request_id)

    def run(self):
        while not self.scheduler.is_idle:
            self.step()

    def step(self):
        self.events += self.scheduler.step()
        self.scheduler.ledger.check()
        for sequence in self.scheduler.roster.running:
            assert len(self.runner.memory.held[sequence.seq_id]) == sequence.n_past

    def answers(self):
        """Return for each sequence its outputs, joined, and its end without times and drafts."""
        outputs = defaultdict(list)
        for event in self.events:
            if isinstance(event, Stepped):
                for output in event.outputs:
                    outputs[output.request_id, output.index].append(output)
        return {key: _joined(of_one) for key, of_one in outputs.items()}

    def last_words(self):
        return Counter(event.request_id for event in self.events if isinstance(event, Finished | Failed))

    def n_accepted(self):
        return sum(event.stats.n_drafted_accepted for event in self.events if isinstance(event, Stepped))


def _joined(outputs):
    end = msgspec.structs.replace(
        outputs[-1].end, prompt_ms=0, predicted_ms=0, seed=0, n_drafted=0, n_drafted_accepted=0, slot=0
    )
    tokens = [token for output in outputs for token in output.tokens]
    probs = [probs for output in outputs for probs in output.probs]
    return "".join(output.text for output in outputs), tokens, probs, end


@settings(deadline=None)
@given(st.lists(action, max_size=8), behaviour, drafts)
def test_requests_give_the_same_with_drafts_and_without(actions, how, kinds):
    drafted, plain = Engine(how, drafts=kinds), Engine(how, drafts=OFF)

    for engine in (drafted, plain):
        for i, (name, argument) in enumerate(actions):
            if name == "submit":
                engine.submit(request_id=str(i), **argument)
            elif name == "cancel":
                engine.cancel(str(argument))
            else:
                engine.run()
        engine.run()

    assert drafted.answers() == plain.answers()
    assert drafted.last_words() == plain.last_words()
    assert drafted.scheduler.ledger.n_idle == N_SLOTS
    assert plain.n_accepted() == 0


@settings(deadline=None)
@given(st.lists(request, min_size=1, max_size=4), behaviour, st.integers(0, 30), st.integers(0, 2))
def test_a_request_that_is_cancelled_in_between_had_the_first_of_the_same_tokens(
    asked, how, n_steps, cancelled
):
    drafted, plain = Engine(how), Engine(how, drafts=OFF)

    for engine in (drafted, plain):
        for i, fields in enumerate(asked):
            engine.submit(request_id=str(i), **fields)
    for _ in range(n_steps):
        if not drafted.scheduler.is_idle:
            drafted.step()
    drafted.cancel(str(cancelled))
    drafted.run()
    plain.run()

    for key, (_, tokens, _, end) in drafted.answers().items():
        _, whole, _, whole_end = plain.answers()[key]
        assert whole[: len(tokens)] == tokens
        assert end.reason in (FinishReason.CANCELLED, whole_end.reason)
        assert end.reason is FinishReason.CANCELLED or len(tokens) == len(whole)
    assert drafted.last_words() == plain.last_words()


def test_drafts_of_a_text_that_repeats_itself_save_decodes():
    drafted, plain = Engine(FakeBehaviour(refrain=6)), Engine(FakeBehaviour(refrain=6), drafts=OFF)

    for engine in (drafted, plain):
        engine.submit(request_id="a", prompt=["ab"], max_tokens=70)
        engine.run()

    assert drafted.answers() == plain.answers()
    assert drafted.runner.n_decoded < plain.runner.n_decoded - drafted.n_accepted() + 2
    assert drafted.n_accepted() > 20


def test_a_draft_model_that_knows_the_text_saves_most_decodes():
    kinds = DraftSettings(kinds=("draft-simple",), model_path="fake")
    drafted, plain = Engine(FakeBehaviour(), drafts=kinds), Engine(FakeBehaviour(), drafts=OFF)

    for engine in (drafted, plain):
        engine.submit(request_id="a", prompt=["ab"], max_tokens=70)
        engine.run()

    assert drafted.answers() == plain.answers()
    assert drafted.runner.n_decoded < plain.runner.n_decoded / 3


def test_nothing_is_drafted_where_memory_cannot_be_cut_or_positions_are_grouped():
    fixed = Engine(FakeBehaviour(refrain=4, is_trimmable=0))
    grouped = Engine(FakeBehaviour(refrain=4), rope=RopeSettings(group_n=2, group_width=16))

    for engine in (fixed, grouped):
        engine.submit(request_id="a", prompt=["ab"], max_tokens=60)
        engine.run()

    assert fixed.n_accepted() == grouped.n_accepted() == 0
    assert fixed.last_words() == grouped.last_words() == {"a": 1}
