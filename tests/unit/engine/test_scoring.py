"""How probable continuations are: right whatever is shared, and at nobody's cost."""

from __future__ import annotations

import pytest

from corral.core.errors import ContextExceededError, InvalidRequestError
from corral.core.messages import Failed, Finished, Score, Scored, Stepped
from corral.engine.fake import FakeBehaviour
from corral.engine.scoring import Scoring, branches

WORDS = ["a", "ab", "abcd", "abd", "xyz", "x", "q"]


def score(words=WORDS, prompt="some chat", question="?", request_id="s", caller=""):
    return Score(request_id, [prompt], [question], list(words), caller, is_bos_wanted=False)


def scored(bench, call):
    """Return the answer of a call and the events until then."""
    n_before = len(bench.events)
    bench.events += bench.scheduler.submit(bench.intake.prepare_score(call))
    bench.run()
    (answer,) = [event for event in bench.events[n_before:] if isinstance(event, Scored)]
    return answer


def one_by_one(make_bench, words, **fields):
    """Return what each word scores in an engine of its own."""
    return [scored(make_bench(), score([word], **fields)).logprobs[0] for word in words]


def held(bench):
    """Return the texts that idle sequences hold."""
    texts = [bytes(t for t in ids if t < 256).decode() for ids in bench.runner.memory.held.values()]
    return sorted(text for text in texts if text)


def test_branches_are_what_no_other_begins_with():
    paths = branches([tuple(map(ord, word)) for word in WORDS])

    assert ["".join(map(chr, path)) for path in paths] == ["abc", "xy"]


def test_words_of_one_token_need_no_branch():
    assert branches([(1,), (2,), (1,)]) == []


def test_a_beginning_is_reused_as_far_as_all_behind_it_is_known():
    scoring = Scoring([(1, 2, 3), (1, 4)], 5, 7)
    scoring.learn((), [-1.0])
    scoring.learn((1,), [-2.0, -3.0])

    assert scoring.n_reusable((1, 2)) == 8
    assert Scoring([(1, 2)], 5, 7).n_reusable((1,)) == 6


@pytest.mark.parametrize("n_parallel", [1, 2, 4])
def test_words_together_score_as_each_alone(make_bench, n_parallel):
    alone = one_by_one(make_bench, WORDS)

    together = scored(make_bench(n_parallel=n_parallel), score())

    assert together.logprobs == alone


def test_a_score_has_the_share_and_the_turn_of_its_caller(bench):
    call = Score("s", ["some chat"], ["?"], ["a"], "x", weight=3.0, priority=2)

    request = bench.intake.prepare_score(call).request

    assert (request.caller, request.weight, request.priority) == ("x", 3.0, 2)


def test_a_score_has_a_number_for_each_token(bench):
    answer = scored(bench, score(["ab", "€"]))

    assert [len(numbers) for numbers in answer.logprobs] == [2, 3]
    assert all(number < 0 for numbers in answer.logprobs for number in numbers)


def test_equal_words_score_the_same_and_cost_nothing_more(make_bench):
    once, twice = scored(make_bench(), score(["abc"])), scored(make_bench(), score(["abc", "abc"]))

    assert twice.logprobs == once.logprobs * 2
    assert twice.n_evaluated == once.n_evaluated


def test_every_token_that_words_share_is_computed_once(make_bench):
    answer = scored(make_bench(n_parallel=4), score())

    n_base = len("some chat?")
    assert answer.n_prompt_tokens == n_base
    assert answer.n_evaluated == n_base + len("abc") + len("xy")


def test_diverging_branches_fork_where_they_part(make_bench):
    answer = scored(make_bench(n_parallel=4), score(["aaaab", "aaaba", "aab"]))

    # inner paths: a aa aaa aaaa aaab
    assert answer.n_evaluated == len("some chat?") + 5


def test_the_cached_chat_is_not_computed_again(bench):
    bench.submit(prompt=["a chat of some length"], max_tokens=4)
    bench.run()
    said = bench.text()
    chat = "a chat of some length" + said[:-1]  # the last token was never decoded

    answer = scored(bench, score(["yes", "no"], prompt=chat))

    assert answer.n_cached == len(chat)
    assert answer.n_evaluated == len("?") + len("ye") + len("n")


def test_memory_keeps_the_prompt_alone(make_bench):
    bench = make_bench(n_parallel=4)

    scored(bench, score())

    assert held(bench) == ["some chat"]
    assert bench.scheduler.ledger.n_cells_used == len("some chat")


def test_chats_of_others_stay_in_memory(make_bench):
    bench = make_bench(n_parallel=3)
    for name in ("one chat", "two chats"):
        bench.submit(request_id=name, prompt=[name], max_tokens=0)
    bench.run()

    answer = scored(bench, score())

    assert held(bench) == ["one chat", "some chat", "two chats"]
    assert answer.logprobs == scored(make_bench(), score()).logprobs


def test_the_next_turn_of_the_chat_finds_all_of_it(bench):
    bench.submit(prompt=["some chat"], max_tokens=0)
    bench.run()
    scored(bench, score())

    bench.submit(request_id="b", prompt=["some chat goes on"], max_tokens=1)
    bench.run()

    assert bench.end("b").n_cached == len("some chat")


def test_a_prompt_of_one_caller_is_not_reused_for_another(bench):
    bench.submit(prompt=["some chat"], max_tokens=0, caller="x")
    bench.run()

    assert scored(bench, score(caller="y")).n_cached == 0


def test_a_continuation_that_memory_holds_already_is_scored_all_the_same(make_bench):
    bench = make_bench(n_parallel=4)
    bench.submit(prompt=["some chat?abcd and more"], max_tokens=0)
    bench.run()

    answer = scored(bench, score())

    assert answer.logprobs == one_by_one(make_bench, WORDS)


def test_a_model_that_cannot_be_cut_scores_the_same(make_bench):
    bench = make_bench(FakeBehaviour(is_trimmable=0), n_parallel=2)

    assert scored(bench, score()).logprobs == one_by_one(make_bench, WORDS)


def test_nobody_hears_of_the_sequences_of_a_score(bench):
    scored(bench, score())

    stepped = [event for event in bench.events if isinstance(event, Stepped)]
    assert not any(event.starts or event.outputs for event in stepped)
    assert bench.n_finished("s") == 0


def test_others_go_on_while_words_are_scored(make_bench):
    alone, beside = make_bench(), make_bench()
    for bench in (alone, beside):
        bench.submit(prompt=["hello"], max_tokens=20)
        bench.step()

    answer = scored(beside, score())

    assert beside.text() == alone.run().text()
    assert answer.logprobs == one_by_one(make_bench, WORDS)


@pytest.mark.parametrize("n_steps", [0, 1, 2])
def test_a_cancelled_score_ends_once_and_leaves_nothing_behind(make_bench, n_steps):
    bench = make_bench(n_parallel=2, n_batch=8)
    bench.events += bench.scheduler.submit(bench.intake.prepare_score(score()))
    for _ in range(n_steps):
        bench.step()

    bench.events += bench.scheduler.cancel("s")

    assert bench.events[-1] == Finished("s")
    assert bench.scheduler.is_idle
    assert all("some chat".startswith(text) for text in held(bench))
    bench.scheduler.ledger.check()


def test_a_step_that_fails_fails_the_score(make_bench):
    bench = make_bench(FakeBehaviour(fail_after=2))
    bench.events += bench.scheduler.submit(bench.intake.prepare_score(score()))

    bench.run()

    assert [event for event in bench.events if isinstance(event, Failed)]
    assert not [event for event in bench.events if isinstance(event, Scored)]
    bench.scheduler.ledger.check()


@pytest.mark.parametrize("words", [[], [""], ["a", ""]])
def test_nothing_cannot_be_scored(bench, words):
    with pytest.raises(InvalidRequestError, match="empty"):
        bench.intake.prepare_score(score(words))


def test_nothing_can_be_scored_behind_nothing(bench):
    with pytest.raises(InvalidRequestError, match="no prompt"):
        bench.intake.prepare_score(score(["a"], prompt="", question=""))


def test_a_prompt_that_leaves_no_room_is_refused(bench):
    with pytest.raises(ContextExceededError):
        bench.intake.prepare_score(score(["abc"], prompt="x" * 127))


def test_too_many_continuations_are_refused(bench):
    with pytest.raises(InvalidRequestError, match="at most 4096"):
        bench.intake.prepare_score(score(["a" * 64] * 65))


def test_texts_are_counted_together(bench):
    assert bench.intake.counts(["", "abc", "€"], has_special=False) == [0, 3, 3]
