"""A full context on real llama.cpp: what is cut, what is kept, and where generation ends."""

from __future__ import annotations

import llama_cpp
import pytest

from corral.core.errors import ContextExceededError
from corral.core.outcome import FinishReason

SLOT = {"n_ctx": 256, "n_parallel": 2}  # two slots of 128, in a model that was trained for 256


def n_cells(engine, seq_id):
    return llama_cpp.llama_memory_seq_pos_max(engine.runner._context.memory, seq_id) + 1


def test_301_tokens_in_a_slot_of_128_leave_109(make_engine):
    _, end = make_engine(**SLOT).generate("x" * 301, max_tokens=1)

    assert (end.n_prompt_tokens, end.is_truncated) == (109, True)


def test_the_kept_part_of_a_cut_prompt_is_its_beginning(make_engine):
    engine = make_engine(**SLOT)
    prompt = "".join(chr(97 + number % 26) for number in range(301))
    engine.submit(prompt, n_keep=10, max_tokens=1)
    engine.run()

    _, tokens = engine.scheduler.ledger.content(engine.end("1").slot)

    # 118 left, blocks of 59, so 301 - 10 - 59 = 232 holds 3 whole blocks: 177 go.
    assert len(tokens) == 301 - 177
    assert bytes(tokens.tolist()) == (prompt[:10] + prompt[187:]).encode()


def test_without_shift_8_tokens_of_prompt_leave_120(make_engine):
    engine = make_engine(**SLOT, is_context_shift=False)

    _, end = engine.generate("12345678", max_tokens=None)

    assert (end.n_predicted, end.is_truncated, end.reason) == (120, True, FinishReason.LENGTH)


@pytest.mark.parametrize("n_prompt", [128, 301])
def test_without_shift_a_prompt_that_fills_the_slot_is_refused(make_engine, n_prompt):
    with pytest.raises(ContextExceededError, match="exceeds the available context size") as caught:
        make_engine(**SLOT, is_context_shift=False).submit("x" * n_prompt)

    assert caught.value.facts == {"n_prompt_tokens": n_prompt, "n_ctx": 128}


def test_until_the_context_is_full_means_no_shift(make_engine):
    _, end = make_engine(**SLOT).generate("12345678", max_tokens=None, is_until_context_full=True)

    assert (end.n_predicted, end.is_truncated, end.reason) == (120, True, FinishReason.LENGTH)


def test_with_shift_an_answer_without_limit_ends_at_the_training_context_or_a_slots_worth(make_engine):
    _, end = make_engine(**SLOT).generate("12345678", max_tokens=None)

    assert (end.n_predicted, end.is_truncated, end.reason) == (128, True, FinishReason.LENGTH)


def test_a_shift_is_told_and_what_follows_fits(make_engine):
    engine = make_engine(**SLOT)

    _, end = engine.generate("x" * 100, max_tokens=100)

    assert (end.n_predicted, end.is_truncated) == (100, True)
    assert end.n_past == n_cells(engine, end.slot) < 128


def test_an_answer_that_fits_is_not_truncated(make_engine):
    _, end = make_engine(**SLOT).generate("x" * 100, max_tokens=20)

    assert not end.is_truncated


@pytest.mark.parametrize(
    ("n_keep", "n_discard", "n_left"),
    [(0, 0, 64), (27, 0, 77), (0, 10, 117), (None, 0, 114), (1000, 0, 126)],
    ids=["half", "keep", "discard", "all", "too much"],
)
def test_what_is_kept_and_dropped(make_engine, n_keep, n_discard, n_left):
    """At 127 tokens the context is full; `n_left` are there after the shift."""
    engine = make_engine(**SLOT)
    engine.submit("x" * 101, n_keep=n_keep, n_discard=n_discard, max_tokens=100)
    (sequence,) = engine.scheduler.roster.sequences("1")
    n_before = 0
    while sequence.n_past >= n_before and not engine.scheduler.is_idle:
        n_before = sequence.n_past
        engine.step()

    assert (n_before, sequence.n_past - 1) == (127, n_left)


def test_n_keep_is_of_one_request_only(make_engine):
    engine, fresh = make_engine(**SLOT), make_engine(**SLOT)
    engine.generate("y" * 100, n_keep=90, n_discard=5, max_tokens=60, slot=0)

    answer, end = engine.generate("x" * 100, max_tokens=60, slot=0, is_cache_wanted=False)
    expected, fresh_end = fresh.generate("x" * 100, max_tokens=60, slot=0)

    assert (answer, end.n_past) == (expected, fresh_end.n_past)


@pytest.mark.parametrize("is_kv_unified", [False, True], ids=["streams", "unified"])
def test_a_shift_beside_others_changes_nothing_for_anybody(make_engine, is_kv_unified):
    settings = {"n_ctx": 512, "n_parallel": 4, "is_kv_unified": is_kv_unified}
    prompts = ["x" * 100, "hello", "y" * 120, "z" * 60]
    alone = make_engine(**settings)
    expected = [alone.generate(prompt, max_tokens=90, is_cache_wanted=False)[0] for prompt in prompts]
    together = make_engine(**settings)

    ids = [together.submit(prompt, max_tokens=90) for prompt in prompts]
    together.run()

    assert [together.tokens(i) for i in ids] == expected


def test_a_system_prompt_survives_every_shift(make_engine):
    engine = make_engine(**SLOT, system_prompt="You are kind. ")

    _, end = engine.generate("x" * 90, max_tokens=128)

    space, tokens = engine.scheduler.ledger.content(end.slot)
    assert bytes(tokens.tolist()) == b"You are kind. "
    assert (space.n_public, end.is_truncated) == (14, True)
