from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corral.core.errors import ModelLoadError
from corral.engine.fake import FakeBehaviour
from corral.engine.radix import RadixTree
from corral.engine.step_cost import StepCost, prefill_budget
from corral.engine.text import TextStream
from corral.engine.window import Cut, cut_context, cut_prompt


def test_with_nobody_decoding_a_chunk_is_the_whole_batch():
    assert prefill_budget(StepCost(), n_decode=0, n_batch=512, max_itl_ms=250) == 512


def test_beside_decoding_sequences_a_chunk_keeps_the_bound():
    cost = StepCost()
    cost.observe(0, 100, 200.0)
    cost.observe(4, 0, 70.0)

    budget = prefill_budget(cost, n_decode=4, n_batch=512, max_itl_ms=250)

    assert cost.decode_ms(4) + budget * cost.prefill_ms == pytest.approx(0.8 * 250, abs=2)


def test_a_bound_that_is_broken_anyway_does_not_starve_prompts():
    cost = StepCost()
    cost.observe(4, 0, 500.0)
    cost.observe(0, 100, 200.0)

    assert prefill_budget(cost, n_decode=4, n_batch=512, max_itl_ms=250) == 8


def test_while_nothing_is_known_a_chunk_beside_others_is_small():
    assert prefill_budget(StepCost(), n_decode=1, n_batch=512, max_itl_ms=250) == 64


def test_a_step_of_both_kinds_is_split_by_what_each_was_expected_to_cost():
    cost = StepCost()
    cost.observe(0, 100, 100.0)
    cost.observe(1, 0, 20.0)
    expected_ms = 20 * cost.prefill_ms + cost.decode_ms(1)

    prefill_ms, decode_ms = cost.observe(1, 20, expected_ms)

    assert prefill_ms == pytest.approx(20.0)
    assert prefill_ms + decode_ms == pytest.approx(expected_ms)
    assert cost.prefill_ms == pytest.approx(1.0)


@given(st.integers(0, 4), st.integers(0, 4))
def test_costs_are_learnt_from_a_mix_of_steps(seed_decode, seed_prefill):
    cost = StepCost()
    for number in range(60):
        n_decode = (number * 7 + seed_decode) % 9
        n_prefill = (number * 13 + seed_prefill) % 40 if number % 3 else 0
        if n_decode or n_prefill:
            decode_ms = (StepCost.PASS_ROWS + n_decode) * 5.0 if n_decode else 0.0
            cost.observe(n_decode, n_prefill, decode_ms + n_prefill * 2.0)

    assert cost.prefill_ms == pytest.approx(2.0, rel=0.2)
    assert cost.decode_ms(4) == pytest.approx(35.0, rel=0.2)


def test_copying_pays_from_the_tokens_that_cost_as_much():
    cost = StepCost()
    cost.observe(0, 100, 200.0)

    assert cost.worth_copying(50.0) == 25


@pytest.mark.parametrize(
    ("n_prompt", "n_keep", "n_left"), [(127, 0, 127), (301, 0, 109), (128, 0, 64), (301, 10, 124)]
)
def test_prompt_keeps_what_llama_server_keeps(n_prompt, n_keep, n_left):
    cut = cut_prompt(n_prompt, 128, n_keep)

    assert n_prompt - (cut.n_discard if cut else 0) == n_left


def test_keeping_everything_keeps_all_but_four_cells():
    assert cut_prompt(200, 128, None) == Cut(n_keep=124, n_discard=74)


def test_full_context_loses_half_of_what_is_not_kept():
    assert cut_context(127, 128, 27, 0, 50) == Cut(n_keep=27, n_discard=50)


def test_full_context_loses_as_much_as_was_asked():
    assert cut_context(127, 128, 27, 5, 50) == Cut(n_keep=27, n_discard=5)


def test_text_waits_for_the_rest_of_a_character():
    stream = TextStream(())

    assert [stream.feed(bytes([byte])) for byte in "é!".encode()] == [(None, None), ("é", None), ("!", None)]


def test_a_character_that_is_broken_off_is_replaced_in_front_of_what_follows():
    stream = TextStream(())

    assert [stream.feed(piece) for piece in ("€".encode()[:2], b"", b"a", b"b")] == [
        (None, None),
        (None, None),
        ("\N{REPLACEMENT CHARACTER}a", None),
        ("b", None),
    ]


def test_invalid_bytes_become_replacement_characters():
    stream = TextStream(())

    assert stream.feed(b"a\xffb") == ("a\N{REPLACEMENT CHARACTER}b", None)


def test_fake_model_refuses_what_it_does_not_know():
    with pytest.raises(ModelLoadError, match="crash_after"):
        FakeBehaviour.parse("fake:bogus=1")


def test_resident_tokens_of_the_radix_tree_are_copies():
    tokens = np.array([1, 2, 3], np.int32)
    tree = RadixTree()
    tree.put(0, tokens)
    tokens[0] = 9

    assert tree.tokens(0).tolist() == [1, 2, 3]
