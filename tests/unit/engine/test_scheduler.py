from __future__ import annotations

import pytest

from corral.core.errors import ContextExceededError, InternalError, InvalidRequestError
from corral.core.messages import Failed, Finished, Stepped
from corral.core.outcome import FinishReason
from corral.core.sampling import SamplingParams
from corral.engine.fake import EOS, FakeBehaviour


def test_request_ends_in_one_finished_event(bench):
    bench.submit(prompt=["hello"], max_tokens=5)

    bench.run()

    assert bench.n_finished() == 1
    assert len(bench.text()) == 5
    assert bench.end().reason is FinishReason.LENGTH
    assert bench.scheduler.is_idle


def test_text_does_not_depend_on_who_else_is_in_the_batch(make_bench):
    alone, together = make_bench(), make_bench()
    alone.submit(prompt=["one"], max_tokens=30)
    for name in ("b", "c", "a"):
        together.submit(request_id=name, prompt=["one" if name == "a" else name * 9], max_tokens=30)

    assert together.run().text() == alone.run().text()


def test_admission_that_fails_ends_who_waits_instead_of_failing_for_ever(bench, monkeypatch):
    def fail(_wish):
        raise ValueError

    bench.submit(prompt=["hello"], max_tokens=5)
    monkeypatch.setattr(bench.scheduler.ledger, "lease", fail)

    with pytest.raises(ValueError):  # noqa: PT011 - it has no words
        bench.scheduler.step()
    ended = bench.scheduler.fail_all(InternalError("a step failed"))

    assert ended == [Failed("a", InternalError("a step failed").report())]
    assert bench.scheduler.is_idle


def test_cancelled_while_waiting_never_decodes(bench):
    bench.submit(prompt=["hello"], max_tokens=5)

    bench.events += bench.scheduler.cancel("a")

    assert bench.events[-1] == Finished("a")
    assert bench.end().reason is FinishReason.CANCELLED
    assert bench.runner.n_decoded == 0


def test_cancelled_while_running_frees_its_sequence_for_the_next_step(make_bench):
    bench = make_bench(n_parallel=1)
    bench.submit(prompt=["hello"], max_tokens=50)
    bench.submit(request_id="b", prompt=["other"], max_tokens=5)
    bench.step()

    bench.events += bench.scheduler.cancel("a")
    (stepped, *_) = bench.step()

    assert [start.request_id for start in stepped.starts] == ["b"]


def test_cancel_of_an_unknown_request_is_nothing(bench):
    assert bench.scheduler.cancel("nobody") == []


def test_prompt_is_prefilled_in_chunks_of_the_batch(bench):
    bench.submit(prompt=["x" * 120], max_tokens=1)

    bench.run()

    prefills = [e.stats.n_prefill for e in bench.events if isinstance(e, Stepped)]
    assert prefills == [64, 56]


def test_a_prompt_beside_a_running_stream_is_cut_to_what_its_bound_leaves(make_bench):
    bench = make_bench(max_itl_ms=10.0)
    bench.submit(prompt=["short"], max_tokens=50)
    bench.step()
    bench.step()
    bench.submit(request_id="b", prompt=["y" * 100], max_tokens=1)

    (stepped, *_) = bench.step()

    assert stepped.stats.n_decode == 1
    assert 0 < stepped.stats.n_prefill < 63


def test_who_arrived_together_is_prefilled_before_anybody_goes_on(make_bench):
    bench = make_bench(n_parallel=4, n_ctx=512)
    for name in "abcd":
        bench.submit(request_id=name, prompt=[name * 40], max_tokens=5)

    bench.run()

    stats = [event.stats for event in bench.events if isinstance(event, Stepped)]
    assert [(s.n_prefill, s.n_decode) for s in stats[:4]] == [(64, 0), (64, 0), (32, 0), (0, 4)]


def test_a_prompt_that_came_during_a_step_arrived_before_its_token(bench):
    bench.submit(prompt=["short"], max_tokens=50)
    arrived = bench.prepare(request_id="b", prompt=["y" * 40], max_tokens=1)
    bench.step()
    bench.scheduler.submit(arrived)

    (stepped, *_) = bench.step()

    assert (stepped.stats.n_prefill, stepped.stats.n_decode) == (40, 0)


def test_a_stream_that_has_begun_does_not_wait_for_who_comes_later(bench):
    bench.submit(prompt=["short"], max_tokens=50)
    bench.step()
    bench.submit(request_id="b", prompt=["y" * 40], max_tokens=1)

    (stepped, *_) = bench.step()

    assert stepped.stats.n_decode == 1


def test_waiting_for_the_others_ends_after_twenty_bounds(make_bench):
    bench = make_bench(n_parallel=4, n_ctx=4096, max_itl_ms=1.0)
    for name in "abcd":
        bench.submit(request_id=name, prompt=[name * 900], max_tokens=2)

    bench.run()

    waited = []
    for event in bench.events:
        if isinstance(event, Stepped) and event.stats.n_decode:
            break
        waited.append(event)
    assert sum(event.stats.n_prefill for event in waited) < 3600


def test_shared_prefix_is_copied_from_a_running_sequence(bench):
    bench.submit(prompt=["once upon a time"], max_tokens=40)
    bench.step()
    bench.submit(request_id="b", prompt=["once upon a hill"], max_tokens=40)

    bench.run()

    assert bench.starts()[1].n_cached == len("once upon a ")
    assert bench.runner.memory.n_copied == 1
    assert bench.text("b") != bench.text("a")


@pytest.mark.parametrize("name", ["once upon a time", "once upon a hill", "other"])
def test_cached_and_uncached_answers_are_the_same(make_bench, name):
    fresh, warm = make_bench(), make_bench()
    fresh.submit(prompt=[name], max_tokens=40)
    warm.submit(request_id="b", prompt=["once upon a time there was"], max_tokens=9)
    warm.run().submit(prompt=[name], max_tokens=40)

    assert warm.run().text() == fresh.run().text()


def test_an_idle_chat_keeps_its_history_when_another_shares_its_beginning(bench):
    bench.submit(prompt=["system text. first chat"], max_tokens=10)
    bench.run()
    answer = bench.text()
    bench.submit(request_id="b", prompt=["system text. second"], max_tokens=10)
    bench.run()

    bench.submit(request_id="c", prompt=["system text. first chat" + answer + " and on"], max_tokens=1)
    bench.run()

    assert bench.end("c").n_cached == len("system text. first chat" + answer) - 1


def test_a_conversation_goes_on_in_place(bench):
    bench.submit(prompt=["hello"], max_tokens=10)
    bench.run()
    bench.submit(request_id="b", prompt=["hello" + bench.text() + "again"], max_tokens=1)

    bench.run()

    assert bench.end("b").slot == bench.end("a").slot
    assert bench.runner.memory.n_copied == 0


def test_a_prefix_is_not_shared_with_another_caller(bench):
    bench.submit(prompt=["a secret prompt"], max_tokens=2, caller="alice")
    bench.run()
    bench.submit(request_id="b", prompt=["a secret prompt"], max_tokens=2, caller="bob")

    bench.run()

    assert bench.end("b").n_cached == 0


def test_cache_is_left_alone_when_not_wanted(bench):
    for name in ("a", "b"):
        bench.submit(request_id=name, prompt=["again and again"], max_tokens=2, is_cache_wanted=False)
        bench.run()

    assert bench.end("b").n_cached == 0


def test_memory_that_cannot_be_cut_is_reused_only_whole(make_bench):
    bench = make_bench(FakeBehaviour(is_trimmable=0, is_shiftable=0))
    bench.submit(prompt=["once upon a time"], max_tokens=5)
    bench.run()
    bench.submit(request_id="b", prompt=["once upon a time" + bench.text()[:2] + "X"], max_tokens=5)
    bench.submit(request_id="c", prompt=["once upon a time" + bench.text()[:4] + "more"], max_tokens=5)

    bench.run()

    assert (bench.end("b").n_cached, bench.end("c").n_cached) == (0, len("once upon a time") + 4)


def test_three_sequences_share_one_prefill(make_bench):
    bench = make_bench(n_parallel=4, n_ctx=512)
    bench.submit(prompt=["a prompt of some length"], max_tokens=5, n=3)

    bench.run()

    assert bench.n_finished() == 1
    assert [start.n_cached for start in bench.starts()] == [0, 22, 22]
    assert {bench.text(index=i) for i in range(3)} == {bench.text()}
    assert len({start.seed for start in bench.starts()}) == 3


def test_more_sequences_than_slots_take_turns(make_bench):
    bench = make_bench(n_parallel=1)
    bench.submit(prompt=["hi"], max_tokens=5, n=3)

    bench.run()

    assert [bench.end(index=i).n_predicted for i in range(3)] == [5, 5, 5]


def test_zero_tokens_only_fill_the_cache(bench):
    bench.submit(prompt=["a long prompt"], max_tokens=0)
    bench.run()
    bench.submit(request_id="b", prompt=["a long prompt!"], max_tokens=1)
    bench.run()

    assert (bench.text(), bench.end().n_predicted, bench.end().reason) == ("", 0, FinishReason.LENGTH)
    assert bench.end("b").n_cached == len("a long prompt")


def test_empty_prompt_ends_at_once_with_nothing(bench):
    bench.submit(prompt=[""], max_tokens=5)

    assert bench.n_finished() == 1
    assert (bench.end().n_prompt_tokens, bench.end().n_predicted) == (0, 0)


def test_end_of_generation_token_counts_and_shows_nothing(make_bench):
    bench = make_bench(FakeBehaviour(eos_after=8))
    bench.submit(prompt=["hello"], max_tokens=50)

    bench.run()

    assert bench.end().reason is FinishReason.EOS
    assert bench.end().n_predicted == len(bench.text()) + 1
    assert bench.outputs()[-1].tokens == [EOS]


def test_ignored_eos_goes_on_to_the_limit(make_bench):
    bench = make_bench(FakeBehaviour(eos_after=8))
    bench.submit(prompt=["hello"], max_tokens=20, sampling=SamplingParams(ignore_eos=True))

    assert bench.run().end().n_predicted == 20


def test_stop_string_over_token_borders_is_cut_and_named(make_bench):
    reference = make_bench()
    reference.submit(prompt=["hello"], max_tokens=30)
    text = reference.run().text()
    bench = make_bench()
    bench.submit(prompt=["hello"], max_tokens=30, stop=(text[10:14],))

    bench.run()

    assert bench.text() == text[: text.index(text[10:14])]
    assert (bench.end().reason, bench.end().stop_text) == (FinishReason.STOP, text[10:14])


def test_half_a_character_is_never_shown(make_bench):
    bench = make_bench(FakeBehaviour(utf8=1))
    bench.submit(prompt=["abc"], max_tokens=6)

    bench.run()

    assert [output.text for output in bench.outputs()] == ["€", "€"]
    assert [len(output.tokens) for output in bench.outputs()] == [3, 3]


def test_a_character_cut_by_the_limit_becomes_a_replacement_character(make_bench):
    bench = make_bench(FakeBehaviour(utf8=1))
    bench.submit(prompt=["abc"], max_tokens=4)

    assert bench.run().text() == "€\N{REPLACEMENT CHARACTER}"


def test_over_long_prompt_is_cut_as_llama_server_does(bench):
    bench.submit(prompt=["x" * 301], max_tokens=1)

    bench.run()

    assert bench.end().is_truncated
    assert bench.end().n_prompt_tokens == 109


def test_over_long_prompt_is_refused_without_context_shift(make_bench):
    bench = make_bench(is_context_shift=False)

    with pytest.raises(ContextExceededError, match="exceeds the available context size") as caught:
        bench.submit(prompt=["x" * 301], max_tokens=1)

    assert caught.value.facts == {"n_prompt_tokens": 301, "n_ctx": 128}


def test_without_context_shift_the_answer_ends_with_the_context(make_bench):
    bench = make_bench(is_context_shift=False)
    bench.submit(prompt=["12345678"])

    bench.run()

    assert bench.end().n_predicted == 120
    assert bench.end().is_truncated


def test_context_shift_lets_a_long_answer_go_on(bench):
    bench.submit(prompt=["12345678"], max_tokens=127, n_keep=4)
    bench.run()

    assert bench.end().n_predicted == 127
    assert bench.end().is_truncated
    assert bench.end().n_past < 128


def test_until_context_full_never_shifts(bench):
    bench.submit(prompt=["12345678"], is_until_context_full=True)

    assert bench.run().end().n_predicted == 120


def test_pinned_slot_is_used_and_waited_for(bench):
    bench.submit(prompt=["first"], max_tokens=10, slot=1)
    bench.submit(request_id="b", prompt=["second"], max_tokens=3, slot=1)
    bench.submit(request_id="c", prompt=["third"], max_tokens=3)

    bench.run()

    assert [(start.request_id, start.slot) for start in bench.starts()] == [("a", 1), ("c", 0), ("b", 1)]


@pytest.mark.parametrize("slot", [-1, 2, 10**6])
def test_slot_that_does_not_exist_is_refused(bench, slot):
    with pytest.raises(InvalidRequestError, match="Invalid slot ID"):
        bench.submit(prompt=["x"], slot=slot)


@pytest.mark.parametrize("token", [-1, 258, 2**40])
def test_token_outside_the_vocabulary_is_refused(bench, token):
    with pytest.raises(InvalidRequestError, match="Prompt contains invalid tokens"):
        bench.submit(prompt=[[1, token]])


def test_bias_by_text_names_each_of_its_tokens(bench):
    bench.submit(prompt=["x"], max_tokens=2, sampling=SamplingParams(logit_bias=(("z", 100.0),)))

    assert bench.run().text() == "zz"


def test_probabilities_come_with_each_token(bench):
    bench.submit(prompt=["x"], max_tokens=3, sampling=SamplingParams(n_probs=2))

    bench.run()

    assert [len(probs.top) for output in bench.outputs() for probs in output.probs] == [2, 2, 2]


def test_a_failed_decode_fails_who_ran_and_spares_who_waits(make_bench):
    bench = make_bench(FakeBehaviour(fail_after=2), n_parallel=1)
    bench.submit(prompt=["x"], max_tokens=10)
    bench.submit(request_id="b", prompt=["y"], max_tokens=3)

    bench.run()

    assert [event.request_id for event in bench.events if isinstance(event, Failed)] == ["a"]
    assert (bench.n_finished(), bench.n_finished("b")) == (0, 1)


def test_every_sampler_is_closed(make_bench):
    bench = make_bench()
    samplers = []
    make = bench.runner.sampler
    bench.runner.sampler = lambda *args: samplers.append(make(*args)) or samplers[-1]
    bench.submit(prompt=["x"], max_tokens=10)
    bench.submit(request_id="b", prompt=["y"], max_tokens=10)
    bench.step()
    bench.scheduler.cancel("b")

    bench.run()

    assert [sampler.is_closed for sampler in samplers] == [True, True]


def test_a_request_id_in_use_is_refused(bench):
    bench.submit(prompt=["x"], max_tokens=5)
    bench.submit(prompt=["y"], max_tokens=5)

    assert isinstance(bench.events[-1], Failed)
