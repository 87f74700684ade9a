"""The system prompt: before every prompt, in no count, and processed once for everybody."""

from __future__ import annotations

import pytest

from corral.core.clock import MonotonicClock
from corral.core.errors import ContextExceededError, InvalidRequestError
from corral.core.request import GenerationRequest
from corral.engine.fake import BOS, FakeVocabulary
from corral.engine.intake import Intake

SYSTEM = "You are kind. "


@pytest.fixture
def told(make_bench):
    return make_bench(system_prompt=SYSTEM, n_parallel=4, n_ctx=1024)


def test_it_stands_before_the_prompt_with_the_one_bos(told):
    prepared = told.prepare(prompt=["hello"], is_bos_wanted=True)

    assert prepared.prompt.tolist() == [BOS, *f"{SYSTEM}hello".encode()]


def test_token_ids_come_behind_it_too(told):
    assert told.prepare(prompt=[[104, 105]]).prompt.tolist() == [BOS, *f"{SYSTEM}hi".encode()]


def test_without_one_prompts_get_their_bos_again(told):
    told.intake.standing.set_system_prompt("")

    assert told.prepare(prompt=["hi"], is_bos_wanted=True).prompt.tolist() == [BOS, *b"hi"]


def test_the_text_is_that_of_both_in_one_prompt(told, make_bench):
    told.submit(prompt=["hello"], max_tokens=20)
    bare = make_bench()
    bare.submit(prompt=[f"{SYSTEM}hello"], max_tokens=20, is_bos_wanted=True)

    assert told.run().text() == bare.run().text()


def test_it_is_in_no_count(told):
    told.submit(prompt=["hello"], max_tokens=20)

    end = told.run().end()

    assert (end.n_prompt_tokens, end.n_cached, end.n_past) == (5, 0, 24)
    assert told.starts()[0].n_prompt_tokens == 5


def test_it_is_processed_once_for_all_callers_though_none_wants_the_cache(told):
    for caller in ("ann", "bob"):
        wishes = {"prompt": [f"{caller}!"], "max_tokens": 1, "caller": caller, "is_cache_wanted": False}
        told.submit(request_id=caller, **wishes)
        told.run()

    prefills = [event.stats.n_prefill for event in told.events if hasattr(event, "stats")]
    assert prefills == [len(SYSTEM) + 1 + 4, 4]


def test_a_caller_gets_nothing_more_of_another_than_that(told):
    told.submit(prompt=["my secret is 42"], max_tokens=1, caller="ann")
    told.run()
    told.submit(request_id="b", prompt=["my secret is 43"], max_tokens=1, caller="bob")
    told.run()

    assert told.starts()[-1].n_cached == 0
    assert told.events[-2].stats.n_prefill == len("my secret is 43")


def test_its_length_is_taken_from_the_context(make_bench):
    bench = make_bench(system_prompt="s" * 99, n_parallel=1, n_ctx=256, is_context_shift=False)

    with pytest.raises(ContextExceededError) as caught:
        bench.prepare(prompt=["x" * 156])

    assert caught.value.facts == {"n_prompt_tokens": 156, "n_ctx": 156}


def test_an_over_long_prompt_is_cut_behind_it(told):
    told.submit(prompt=["y" * 400], max_tokens=1)

    prepared = told.prepare(request_id="b", prompt=["y" * 400])

    assert prepared.is_truncated
    assert prepared.prompt[: len(SYSTEM) + 1].tolist() == [BOS, *SYSTEM.encode()]
    assert len(prepared.prompt) < 256


def test_context_shift_keeps_it(told):
    told.submit(prompt=["hello"], max_tokens=255, n_keep=2)
    told.run()

    assert told.end().is_truncated
    kept = told.runner.memory.held[0][: len(SYSTEM) + 3]
    assert kept == [BOS, *f"{SYSTEM}he".encode()]


def test_one_that_leaves_no_room_is_refused_and_the_old_one_stays(told):
    with pytest.raises(InvalidRequestError, match="the system prompt has 301 tokens"):
        told.intake.standing.set_system_prompt("x" * 300)

    assert told.intake.standing.now.system.tolist() == [BOS, *SYSTEM.encode()]


def test_a_request_keeps_the_one_it_came_with(told, make_bench):
    told.submit(prompt=["hello"], max_tokens=20)
    told.step()
    told.intake.standing.set_system_prompt("Be rude. ")
    told.submit(request_id="b", prompt=["hello"], max_tokens=20)
    told.run()

    first, second = make_bench(system_prompt=SYSTEM), make_bench(system_prompt="Be rude. ")
    for bench in (first, second):
        bench.submit(prompt=["hello"], max_tokens=20)
    assert told.text() == first.run().text()
    assert told.text("b") == second.run().text()


def test_an_empty_prompt_still_asks_for_nothing(told):
    told.submit(prompt=[""], max_tokens=20)

    assert told.run().end().n_predicted == 0


class Interrupted(FakeVocabulary):
    """While it tokenizes, somebody else does something."""

    def __init__(self):
        self.meanwhile = None

    def tokenize(self, text, *, add_special, parse_special):
        if self.meanwhile is not None:
            meanwhile, self.meanwhile = self.meanwhile, None
            meanwhile()
        return super().tokenize(text, add_special=add_special, parse_special=parse_special)


def test_a_change_while_a_request_is_made_ready_is_for_the_next_one(told):
    vocabulary = Interrupted()
    intake = Intake(vocabulary, told.runner.facts, MonotonicClock(), is_shiftable=True)
    vocabulary.meanwhile = lambda: intake.standing.set_system_prompt("A longer one that is not meant. ")

    prepared = intake.prepare(GenerationRequest(request_id="a", prompt=["Hi"]))

    assert prepared.n_system == 1 + len(SYSTEM)
    assert prepared.prompt.tolist() == [BOS, *SYSTEM.encode(), *b"Hi"]
