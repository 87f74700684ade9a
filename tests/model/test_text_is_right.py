"""Real llama.cpp: batching, caching and copying never change what is said."""

from __future__ import annotations

import pytest

from corral.core.sampling import SamplingParams

PROMPTS = ["the quick brown fox", "a much longer prompt than the others have, for uneven chunks", "hi", "zzz"]
KINDS = ["llama", "windowed", "recurrent"]


@pytest.mark.parametrize("kind", KINDS)
def test_batched_greedy_is_alone_greedy(make_engine, kind):
    alone, together = make_engine(kind), make_engine(kind)
    expected = [alone.generate(prompt, is_cache_wanted=False)[0] for prompt in PROMPTS]

    ids = [together.submit(prompt, is_cache_wanted=False) for prompt in PROMPTS]
    together.run()

    assert [together.tokens(i) for i in ids] == expected


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("is_kv_unified", [False, True], ids=["streams", "unified"])
def test_cached_is_uncached(make_engine, kind, is_kv_unified):
    fresh = make_engine(kind, is_kv_unified=is_kv_unified)
    warm = make_engine(kind, is_kv_unified=is_kv_unified)
    story = "once upon a time there was a little engine that could not"
    turns = [story, story[:30] + "!", story + " stop", story[:44]]
    expected = [fresh.generate(turn, is_cache_wanted=False)[0] for turn in turns]

    answers = [warm.generate(turn)[0] for turn in turns]

    assert answers == expected


@pytest.mark.parametrize("kind", KINDS)
def test_a_conversation_continues_as_if_it_had_been_read_anew(make_engine, kind):
    warm, fresh = make_engine(kind), make_engine(kind)
    prompt = list(b"user: hello. bot:")
    for _ in range(3):
        answer, _ = warm.generate(prompt, max_tokens=9)
        prompt = [*prompt, *answer, *b" user: more. bot:"]

    answer, end = warm.generate(prompt)

    assert answer == fresh.generate(prompt, is_cache_wanted=False)[0]
    assert end.n_cached > 60


@pytest.mark.parametrize("kind", KINDS)
def test_forking_a_running_sequence_harms_neither(make_engine, kind):
    engine, fresh = make_engine(kind), make_engine(kind)
    source = "a long common beginning that both of them share, and then the first"
    fork = source[:50] + "second"
    first = engine.submit(source, max_tokens=40)
    for _ in range(10):
        engine.step()
    second = engine.submit(fork, max_tokens=40)

    engine.run()

    assert engine.tokens(first) == fresh.generate(source, max_tokens=40, is_cache_wanted=False)[0]
    assert engine.tokens(second) == fresh.generate(fork, max_tokens=40, is_cache_wanted=False)[0]


def test_a_fork_of_plain_memory_pays_only_for_what_differs(make_engine):
    engine = make_engine()
    engine.generate("a long common beginning that both of them share, and the first")

    _, end = engine.generate("a long common beginning that both of them share, and the second")

    assert end.n_cached == len("a long common beginning that both of them share, and the ")


@pytest.mark.parametrize("kind", ["windowed", "recurrent"])
def test_memory_that_cannot_be_cut_is_known_as_such(make_engine, kind):
    engine = make_engine(kind)
    engine.generate("the same words")

    _, end = engine.generate("the same wood")

    assert not engine.runner.is_trimmable
    assert end.n_cached == 0


def test_a_whole_window_makes_sliding_layers_trimmable(make_engine):
    assert make_engine("windowed", is_swa_full=True).runner.is_trimmable


def test_n_answers_share_one_prefill_and_differ_by_seed(make_engine):
    engine = make_engine()
    sampling = SamplingParams(seed=1, temperature=2.0, top_k=0, top_p=1.0, min_p=0.0, ignore_eos=True)
    request_id = engine.submit("hello there", n=3, sampling=sampling)
    engine.run()

    answers = [tuple(engine.tokens(request_id, index)) for index in range(3)]
    assert len(set(answers)) == 3
    assert [engine.end(request_id, i).n_cached for i in range(3)] == [0, 10, 10]


def test_context_shift_goes_on_past_the_end(make_engine):
    engine = make_engine(n_ctx=64, n_parallel=1)

    answer, end = engine.generate("hello there", max_tokens=63, n_keep=4)

    assert (len(answer), end.is_truncated) == (63, True)
