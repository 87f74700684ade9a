"""Muse on real sampler chains, against the formula written down plainly."""

from __future__ import annotations

import numpy as np
import pytest

from corral.core.sampling import MuseParams, SamplingParams
from corral.core.structure import Structure, StructureKind
from corral.engine.llama.muse import dampened
from tests.model.sampler_references import (
    FORMULA,
    HISTORY,
    LOGITS,
    PENALTIES,
    assert_same,
    penalized,
    probabilities,
    ranked,
    top_k,
)

HALF = MuseParams(n_top=3, damp=0.5, n_ramp=0)


def mused(pairs, n_top, factor):
    best = {token for token, _ in sorted(pairs, key=lambda pair: -pair[1])[:n_top]}
    return [
        (token, (logit * factor if logit > 0 else logit / factor) if token in best else logit)
        for token, logit in pairs
    ]


def plain(logits):
    return [(i, float(logit)) for i, logit in enumerate(logits)]


@pytest.mark.parametrize("logits", [LOGITS, LOGITS - 40], ids=["above 0", "below 0"])
def test_the_most_probable_are_dampened_and_nobody_else(make_sampler, logits):
    found = make_sampler(muse=HALF).survivors(logits)

    assert_same(probabilities(found), mused(plain(logits), 3, 0.5))


def test_muse_stands_behind_penalties_and_before_the_others(make_sampler):
    sampler = make_sampler("penalties", "top_k", muse=HALF, top_k=5, history=HISTORY, **PENALTIES)
    pairs = mused(penalized(plain(LOGITS), HISTORY, **FORMULA), 3, 0.5)

    assert_same(probabilities(sampler.survivors(LOGITS)), top_k(pairs, 5))


def test_muse_stands_where_the_client_puts_it(make_sampler):
    sampler = make_sampler("top_k", "muse", muse=HALF, top_k=5)

    assert_same(probabilities(sampler.survivors(LOGITS)), mused(top_k(plain(LOGITS), 5), 3, 0.5))


def test_a_name_without_parameters_does_nothing(make_sampler):
    assert_same(probabilities(make_sampler("muse").survivors(LOGITS)), plain(LOGITS))


def test_the_factor_goes_to_damp_in_a_straight_line_over_what_was_said(make_sampler):
    sampler = make_sampler(muse=MuseParams(n_top=3, damp=0.5, n_ramp=4), history=HISTORY)

    for factor in (1.0, 0.875, 0.75, 0.625, 0.5, 0.5):
        assert_same(probabilities(sampler.survivors(LOGITS)), mused(plain(LOGITS), 3, factor))
        sampler.accept(np.array([1], np.int32))


def test_drawing_twice_for_a_token_does_not_count_twice(make_sampler):
    sampler = make_sampler(muse=MuseParams(n_top=3, damp=0.5, n_ramp=4))

    sampler.draw(LOGITS)
    sampler.draw(LOGITS)

    assert_same(probabilities(sampler.survivors(LOGITS)), plain(LOGITS))


def test_greedy_takes_the_best_of_what_is_left(make_sampler):
    best, _ = ranked(LOGITS)[0]

    token = make_sampler(temperature=0, muse=MuseParams(n_top=1, damp=0.01, n_ramp=0)).draw(LOGITS)

    assert token != best


def test_more_than_there_are_is_all_of_them():
    assert dampened(np.array([2.0, -2.0], np.float32), 0.5).tolist() == [1.0, -4.0]


@pytest.mark.parametrize("fields", [{}, {"mirostat": 2}, {"temperature": 0}, {"n_probs": 3}])
def test_text_is_served_with_muse_and_differs(make_engine, fields):
    engine = make_engine()
    sampling = {"seed": 3, "temperature": 1.0, **fields}
    muse = MuseParams(n_top=2, damp=0.2, n_ramp=2)

    texts = [
        engine.generate("the quick brown fox", sampling=SamplingParams(**sampling, muse=m), max_tokens=40)[0]
        for m in (None, muse, muse)
    ]

    assert texts[1] == texts[2] != texts[0]


def test_muse_keeps_to_a_grammar(make_engine):
    rule = Structure(StructureKind.REGEX, "[ab]{20}c")
    engine = make_engine()

    tokens, _ = engine.generate("x", structure=rule, sampling=SamplingParams(muse=HALF), max_tokens=30)

    pieces = [engine.runner.vocabulary.piece(token, is_special_shown=False) for token in tokens]
    assert b"".join(pieces).endswith(b"c")
