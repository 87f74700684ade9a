"""What each sampler leaves of known logits, against the formula written down plainly.

The references work in float64 on lists of (token, logit), llama.cpp in float32: hence the tolerances.
"""

from __future__ import annotations

import math

import llama_cpp
import numpy as np
import pytest

from tests.model.sampler_references import (
    END,
    FORMULA,
    HISTORY,
    LOGITS,
    N_VOCAB,
    NEWLINE,
    PENALTIES,
    RANKED,
    assert_same,
    dried,
    dynamically_warmed,
    excluding_top_choices,
    min_p,
    penalized,
    probabilities,
    ranked,
    softmax,
    tail_free,
    top_k,
    top_n_sigma,
    top_p,
    typical,
    warmed,
)

FIELDS = {
    "top_k": {"top_k": 7},
    "tfs_z": {"tfs_z": 0.9},
    "typ_p": {"typical_p": 0.6},
    "top_p": {"top_p": 0.7},
    "min_p": {"min_p": 0.1},
    "top_n_sigma": {"top_n_sigma": 1.5},
    "temperature": {"temperature": 1.7},
}


@pytest.fixture
def survivors(make_sampler):
    """Return what a chain leaves of LOGITS, as probabilities by token."""
    return lambda *samplers, logits=LOGITS, **fields: probabilities(
        make_sampler(*samplers, **fields).survivors(logits)
    )


REFERENCES = {
    "top_k": lambda pairs: top_k(pairs, 7),
    "tfs_z": lambda pairs: tail_free(pairs, 0.9),
    "typ_p": lambda pairs: typical(pairs, 0.6),
    "top_p": lambda pairs: top_p(pairs, 0.7),
    "min_p": lambda pairs: min_p(pairs, 0.1),
    "top_n_sigma": lambda pairs: top_n_sigma(pairs, 1.5),
    "temperature": lambda pairs: warmed(pairs, 1.7),
}


@pytest.mark.parametrize("name", REFERENCES)
def test_a_sampler_leaves_what_its_formula_says(survivors, name):
    found = survivors(name, **FIELDS[name])

    assert_same(found, REFERENCES[name](RANKED))
    assert found != pytest.approx(softmax(RANKED), rel=1e-4)


@pytest.mark.parametrize("name", REFERENCES)
def test_a_sampler_left_out_of_the_list_is_not_applied(survivors, name):
    fields = {key: value for key, value in FIELDS[name].items() if key != "temperature"}

    assert_same(survivors(**fields), RANKED)


@pytest.mark.parametrize(
    ("name", "off"),
    [
        ("top_k", {"top_k": 0}),
        ("top_k", {"top_k": -1}),
        ("tfs_z", {"tfs_z": 1.0}),
        ("typ_p", {"typical_p": 1.0}),
        ("top_p", {"top_p": 1.0}),
        ("min_p", {"min_p": 0.0}),
        ("top_n_sigma", {"top_n_sigma": -1.0}),
        ("xtc", {"xtc_probability": 0.0}),
        ("dry", {"dry_multiplier": 0.0, "history": HISTORY}),
        ("penalties", {"repeat_last_n": 0, "repeat_penalty": 2.0, "history": HISTORY}),
    ],
)
def test_the_value_that_switches_off_leaves_all(survivors, name, off):
    assert_same(survivors(name, **off), RANKED)


@pytest.mark.parametrize("first", REFERENCES)
@pytest.mark.parametrize("second", REFERENCES)
def test_samplers_are_applied_in_the_order_of_the_list(survivors, first, second):
    found = survivors(first, second, **FIELDS[first] | FIELDS[second])

    assert_same(found, REFERENCES[second](REFERENCES[first](RANKED)))


def test_the_order_of_two_samplers_matters(survivors):
    fields = {"temperature": 3.0, "top_p": 0.7}

    assert len(survivors("temperature", "top_p", **fields)) > len(survivors("top_p", "temperature", **fields))


@pytest.mark.parametrize("name", ["tfs_z", "typ_p", "top_p", "min_p"])
def test_min_keep_is_the_least_that_is_left(survivors, name):
    extreme = {"tfs_z": 0.0, "typical_p": 0.0, "top_p": 0.0, "min_p": 1.0}

    assert len(survivors(name, **extreme)) == 1
    assert len(survivors(name, min_keep=9, **extreme)) == 9
    assert len(survivors(name, min_keep=10_000, **extreme)) == N_VOCAB


def test_tail_free_takes_a_flat_distribution_for_evenly_curved(survivors):
    flat = np.zeros(N_VOCAB, np.float32)

    found = survivors("tfs_z", tfs_z=0.5, logits=flat)

    assert len(found) == len(tail_free(ranked(flat), 0.5)) == 127


def test_tail_free_leaves_two_candidates_alone(survivors):
    assert len(survivors("top_k", "tfs_z", top_k=2, tfs_z=0.0)) == 2


@pytest.mark.parametrize("name", REFERENCES)
def test_forbidden_tokens_do_not_disturb_a_sampler(survivors, name):
    forbidden = dict.fromkeys((RANKED[0][0], RANKED[3][0], END), -math.inf)
    fields = {**FIELDS[name], "top_n_sigma": 1.5}

    found = survivors(name, bias=list(forbidden.items()), **fields)

    assert_same(found, REFERENCES[name]([pair for pair in RANKED if pair[0] not in forbidden]))


@pytest.mark.parametrize(
    ("temperature", "spread", "exponent"), [(1.0, 0.5, 1.0), (0.8, 2.0, 1.0), (1.5, 1.0, 2.5)]
)
def test_dynamic_temperature_follows_the_entropy(survivors, temperature, spread, exponent):
    found = survivors(
        "top_k",
        "temperature",
        top_k=20,
        temperature=temperature,
        dynatemp_range=spread,
        dynatemp_exponent=exponent,
    )

    assert_same(found, dynamically_warmed(top_k(RANKED, 20), temperature, spread, exponent))


@pytest.mark.parametrize("n_last", [1, 5, 40, 10_000, -1])
def test_penalties_count_the_last_tokens_and_spare_the_newline(survivors, n_last):
    found = survivors(repeat_last_n=n_last, history=HISTORY, **PENALTIES)

    window = HISTORY[-n_last:] if n_last > 0 else HISTORY
    assert_same(found, penalized(RANKED, window, spared=NEWLINE, **FORMULA))


def test_penalties_count_the_newline_when_told_to(survivors):
    found = survivors(repeat_last_n=-1, history=HISTORY, is_newline_penalized=True, **PENALTIES)

    assert_same(found, penalized(RANKED, HISTORY, **FORMULA))
    assert found[NEWLINE] < survivors(repeat_last_n=-1, history=HISTORY, **PENALTIES)[NEWLINE]


def test_a_newline_takes_its_place_in_the_window_though_it_is_spared(survivors):
    history = [*b"ab", NEWLINE, NEWLINE]

    found = survivors(repeat_last_n=3, history=history, **PENALTIES)

    assert_same(found, penalized(RANKED, [ord("b")], **FORMULA))


def test_tokens_fall_out_of_the_window_one_by_one(make_sampler):
    sampler = make_sampler(repeat_last_n=4, **PENALTIES)

    for n, token in enumerate(HISTORY, start=1):
        sampler.accept(np.array([token], np.int32))

        window = HISTORY[:n][-4:]
        found = probabilities(sampler.survivors(LOGITS))
        assert_same(found, penalized(RANKED, window, spared=NEWLINE, **FORMULA))


def test_penalties_equal_those_of_llama_cpp(make_sampler):
    sampler = make_sampler(repeat_last_n=30, history=HISTORY, is_newline_penalized=True, **PENALTIES)
    theirs = llama_cpp.llama_sampler_init_penalties(N_VOCAB, 30, 1.3, 0.2, 0.4)
    for token in HISTORY:
        llama_cpp.llama_sampler_accept(theirs, token)
    data = (llama_cpp.llama_token_data * N_VOCAB)(
        *(llama_cpp.llama_token_data(token, float(logit), 0.0) for token, logit in enumerate(LOGITS))
    )

    llama_cpp.llama_sampler_apply(theirs, llama_cpp.llama_token_data_array(data, N_VOCAB, -1, False))
    llama_cpp.llama_sampler_free(theirs)

    ours = {int(item["id"]): item["logit"] for item in sampler.survivors(LOGITS).left}
    assert ours == pytest.approx({item.id: item.logit for item in data}, rel=1e-6)


@pytest.mark.parametrize("samplers", [("top_k",), ("penalties", "top_k")])
def test_penalties_come_first_unless_they_are_named_elsewhere(survivors, samplers):
    found = survivors(*samplers, top_k=9, repeat_last_n=-1, history=HISTORY, **PENALTIES)

    assert_same(found, top_k(penalized(RANKED, HISTORY, spared=NEWLINE, **FORMULA), 9))


def test_penalties_have_the_place_that_the_list_gives_them(survivors):
    fields = {"top_k": 9, "temperature": 1.7, "repeat_last_n": -1, "history": HISTORY, **PENALTIES}

    found = survivors("top_k", "temperature", "penalties", **fields)

    few = warmed(top_k(RANKED, 9), 1.7)
    assert_same(found, penalized(few, HISTORY, spared=NEWLINE, **FORMULA))


def test_samplers_named_twice_are_applied_twice(survivors):
    fields = {"repeat_last_n": -1, "history": HISTORY, "temperature": 1.7, **PENALTIES}
    once = penalized(RANKED, HISTORY, spared=NEWLINE, **FORMULA)
    twice = penalized(once, HISTORY, spared=NEWLINE, **FORMULA)

    assert_same(survivors("penalties", "penalties", **fields), twice)
    assert_same(survivors("top_p", "top_p", top_p=0.7), top_p(top_p(RANKED, 0.7), 0.7))
    assert_same(survivors("temperature", "temperature", temperature=1.7), warmed(RANKED, 1.7**2))
    assert_same(
        survivors("penalties", "temperature", "penalties", **fields),
        penalized(warmed(once, 1.7), HISTORY, spared=NEWLINE, **FORMULA),
    )


@pytest.mark.parametrize("allowed_length", [1, 2, 4])
@pytest.mark.parametrize("breakers", ["\n", "e"])
@pytest.mark.parametrize("text", ["to be or not to be", "aaaaaa", "abcabcabcab", "one\ntwo one"])
def test_dry_penalises_what_would_go_on_a_repetition(survivors, allowed_length, breakers, text):
    history = list(text.encode())

    found = survivors(
        "dry",
        dry_multiplier=0.7,
        dry_base=1.5,
        dry_allowed_length=allowed_length,
        dry_sequence_breakers=(breakers,),
        history=history,
    )

    formula = {"multiplier": 0.7, "base": 1.5, "allowed_length": allowed_length}
    assert_same(found, dried(RANKED, history, breakers=breakers.encode(), **formula))


def test_dry_looks_no_further_back_than_told(survivors):
    history = list(b"to be or not to be")
    fields = {"dry_multiplier": 0.7, "dry_base": 1.5, "history": history}

    near, far = survivors("dry", dry_penalty_last_n=6, **fields), survivors("dry", **fields)

    assert_same(near, RANKED)
    assert far[ord(" ")] < near[ord(" ")]


def test_dry_counts_at_temperature_zero_too(make_sampler):
    favourite = RANKED[0][0]
    history = [1, 2, favourite, 1, 2]
    dry = {"dry_multiplier": 50.0, "history": history, "temperature": 0.0}

    assert make_sampler("dry", **dry).draw(LOGITS) == RANKED[1][0]
    assert make_sampler("top_k", **dry).draw(LOGITS) == favourite


@pytest.mark.parametrize("threshold", [0.02, 0.05, 0.1, 0.5])
def test_xtc_excludes_the_top_choices_but_the_least_of_them(survivors, threshold):
    found = survivors("xtc", xtc_probability=1.0, xtc_threshold=threshold)

    assert_same(found, excluding_top_choices(RANKED, threshold))


def test_xtc_comes_as_often_as_its_probability_says(make_sampler):
    sampler = make_sampler("xtc", xtc_probability=0.3, xtc_threshold=0.02)

    n_excluded = sum(len(sampler.survivors(LOGITS).left) < N_VOCAB for _ in range(3000))

    assert abs(n_excluded / 3000 - 0.3) < 5 * math.sqrt(0.3 * 0.7 / 3000)


def test_xtc_keeps_all_where_too_few_would_be_left(survivors):
    fields = {"xtc_probability": 1.0, "xtc_threshold": 0.02}

    assert_same(survivors("top_k", "xtc", top_k=5, min_keep=5, **fields), top_k(RANKED, 5))


def test_infill_ends_where_an_end_is_probable(survivors):
    found = survivors("infill", bias=[(END, 8.0)])

    assert set(found) == {END}


def test_infill_leaves_probable_text_and_the_end(survivors):
    clear = np.full(N_VOCAB, -20.0, np.float32)
    clear[[65, 66, 67]] = 2.0, 1.9, -1.0

    found = survivors("top_k", "infill", top_k=40, logits=clear)

    assert set(found) == {65, 66}


def test_infill_takes_a_whole_vocabulary_in_its_stride(survivors):
    assert survivors("infill", top_k=0)
