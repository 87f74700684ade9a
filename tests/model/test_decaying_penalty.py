"""ExLlama's repetition penalty against its definition, place by place.

The definition: with the newest token at distance 0, a token that stands at distance d has the penalty p
for d < sustain, 1 + (p - 1) * (1 - (d - sustain) / decay) for the `decay` distances behind, and none further
back. A logit above 0 is divided by the largest penalty of the token's places, another multiplied.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corral.core.request import Guidance
from corral.core.sampling import SamplingParams
from corral.core.structure import Structure, StructureKind
from corral.engine.llama.decaying_penalty import DecayingPenalty
from corral.engine.llama.sampler import LlamaSampler
from tests.model.sampler_references import (
    HISTORY,
    LOGITS,
    N_VOCAB,
    NEWLINE,
    RANKED,
    assert_same,
    penalized,
    probabilities,
    softmax,
    top_k,
    warmed,
)
from tests.model.test_draws import assert_drawn_from

N_CTX = 256
FAVOURITE = RANKED[0][0]
EXLLAMA = {"repeat_penalty": 1.15, "repeat_sustain": 5, "repeat_decay": 20, "is_newline_penalized": True}


def penalty_at(distance, penalty, sustain, decay):
    """Return what a token at this distance from the end is penalised with, None if it is not."""
    if distance < sustain:
        return penalty
    if distance < sustain + decay:
        return 1 + (penalty - 1) * (1 - (distance - sustain) / decay)
    return None


def reference(pairs, history, fields):
    """Penalise (token, logit) pairs, looking at every place of every token."""
    history = history[-N_CTX:]
    sustain = len(history) if fields["repeat_sustain"] == -1 else fields["repeat_sustain"]
    spared = None if fields["is_newline_penalized"] else NEWLINE
    changed = []
    for token, logit in pairs:
        places = [d for d, seen in enumerate(reversed(history)) if seen == token and token != spared]
        found = [penalty_at(d, fields["repeat_penalty"], sustain, fields["repeat_decay"]) for d in places]
        largest = max([p for p in found if p is not None], default=1)
        changed.append((token, logit / largest if logit > 0 else logit * largest))
    return changed


histories = st.lists(st.integers(0, 12) | st.integers(0, N_VOCAB - 1), max_size=400)
fields = st.fixed_dictionaries(
    {
        "repeat_penalty": st.floats(1.01, 30),
        "repeat_sustain": st.integers(-1, 40) | st.integers(0, 2**31 - 1),
        "repeat_decay": st.integers(0, 40) | st.integers(0, 2**31 - 1),
        "is_newline_penalized": st.booleans(),
    }
)


def cut(history, borders):
    at = sorted(border % (len(history) + 1) for border in borders)
    return np.split(np.array(history, np.int32), at)


@settings(max_examples=150, deadline=None)
@given(histories, fields, st.lists(st.integers(0, 400), max_size=8))
def test_a_row_is_changed_as_the_definition_says_however_the_history_came(
    sampled_model, history, fields, borders
):
    params = SamplingParams(temperature=0.0, **fields)
    sampler = LlamaSampler(sampled_model, params, 1, [])
    for tokens in cut(history, borders):
        sampler.accept(tokens)

    found = {int(item["id"]): item["logit"] for item in sampler.survivors(LOGITS).left}

    expected = dict(reference(list(enumerate(map(float, LOGITS))), history, fields))
    assert found == pytest.approx(expected, rel=1e-4)


@settings(max_examples=100, deadline=None)
@given(histories, fields, st.integers(1, 30))
def test_candidates_behind_another_sampler_are_changed_as_the_definition_says(
    sampled_model, history, fields, k
):
    params = SamplingParams(temperature=1.0, samplers=("top_k", "penalties"), top_k=k, **fields)
    sampler = LlamaSampler(sampled_model, params, 1, [])
    sampler.accept(np.array(history, np.int32))

    found = probabilities(sampler.survivors(LOGITS))
    sampler.close()

    assert_same(found, reference(top_k(RANKED, k), history, fields))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 6), max_size=60), fields)
def test_every_answer_token_moves_the_window_by_one(sampled_model, answer, fields):
    sampler = LlamaSampler(sampled_model, SamplingParams(temperature=0.0, **fields), 1, [])
    for n, token in enumerate(answer, start=1):
        sampler.accept(np.array([token], np.int32))

        found = sampler.draw(LOGITS)

        expected = reference(RANKED, answer[:n], fields)
        best = max(logit for _, logit in expected)
        assert dict(expected)[found] == pytest.approx(best, rel=1e-5)


@pytest.mark.parametrize(
    ("n_behind", "penalty"), [(0, 3.0), (4, 3.0), (5, 3.0), (6, 2.5), (7, 2.0), (8, 1.5), (9, 1.0)]
)
def test_figures_of_a_decay_over_four_tokens(make_sampler, n_behind, penalty):
    sampler = make_sampler(temperature=0.0, repeat_penalty=3.0, repeat_sustain=5, repeat_decay=4)
    sampler.accept(np.array([FAVOURITE, *[200] * n_behind], np.int32))

    found = {int(item["id"]): item["logit"] for item in sampler.survivors(LOGITS).left}

    assert found[FAVOURITE] == pytest.approx(LOGITS[FAVOURITE] / penalty)


def test_a_penalty_below_1_rises_to_1(make_sampler):
    sampler = make_sampler(temperature=0.0, repeat_penalty=0.5, repeat_sustain=1, repeat_decay=2)
    sampler.accept(np.array([7, FAVOURITE, 8, 9], np.int32))

    found = {int(item["id"]): item["logit"] for item in sampler.survivors(LOGITS).left}

    assert found[FAVOURITE] == pytest.approx(LOGITS[FAVOURITE] / 0.75)
    assert found[7] == LOGITS[7]


@pytest.mark.parametrize("off", [{"repeat_sustain": 0}, {"repeat_sustain": 9, "repeat_penalty": 1.0}])
def test_a_reach_of_nothing_and_a_penalty_of_1_leave_all(make_sampler, off):
    sampler = make_sampler(**{"repeat_penalty": 2.0, "history": HISTORY, **off})

    assert_same(probabilities(sampler.survivors(LOGITS)), RANKED)


def test_without_a_sustain_the_penalty_is_that_of_llama_cpp(make_sampler):
    sampler = make_sampler(repeat_penalty=1.3, repeat_last_n=7, repeat_decay=50, history=HISTORY)

    expected = penalized(RANKED, HISTORY[-7:], spared=NEWLINE, repeat=1.3, frequency=0, presence=0)
    assert_same(probabilities(sampler.survivors(LOGITS)), expected)


def test_frequency_and_presence_keep_the_window_of_llama_cpp_behind_it(make_sampler):
    beside = {"frequency_penalty": 0.2, "presence_penalty": 0.4, "repeat_last_n": 3}

    found = probabilities(make_sampler(history=HISTORY, **EXLLAMA, **beside).survivors(LOGITS))

    repeated = reference(RANKED, HISTORY, EXLLAMA)
    assert_same(found, penalized(repeated, HISTORY[-3:], repeat=1, frequency=0.2, presence=0.4))


def test_frequency_is_counted_where_the_repetition_penalty_is_off(make_sampler):
    fields = {"repeat_penalty": 1.0, "repeat_sustain": 3, "frequency_penalty": 0.2, "repeat_last_n": -1}

    found = probabilities(make_sampler(history=HISTORY, **fields).survivors(LOGITS))

    assert_same(found, penalized(RANKED, HISTORY, spared=NEWLINE, repeat=1, frequency=0.2, presence=0))


def test_the_bias_is_added_before(make_sampler):
    sampler = make_sampler(history=HISTORY, bias=[(HISTORY[-1], 4.0), (FAVOURITE, float("-inf"))], **EXLLAMA)

    biased = [(t, x + 4.0 * (t == HISTORY[-1])) for t, x in RANKED if t != FAVOURITE]
    assert_same(probabilities(sampler.survivors(LOGITS)), reference(biased, HISTORY, EXLLAMA))


def test_it_has_the_places_that_the_list_gives_it(make_sampler):
    sampler = make_sampler(
        "penalties", "temperature", "penalties", temperature=1.7, history=HISTORY, **EXLLAMA
    )

    once = warmed(reference(RANKED, HISTORY, EXLLAMA), 1.7)
    assert_same(probabilities(sampler.survivors(LOGITS)), reference(once, HISTORY, EXLLAMA))


def test_tokens_are_drawn_as_often_as_it_leaves_them_probable(make_sampler):
    sampler = make_sampler(history=HISTORY, **{**EXLLAMA, "repeat_penalty": 2.5})

    drawn = [sampler.draw(LOGITS) for _ in range(4000)]

    expected = reference(RANKED, HISTORY, {**EXLLAMA, "repeat_penalty": 2.5})
    assert Counter(drawn)[FAVOURITE]
    assert_drawn_from(softmax(expected), drawn)


def test_a_draw_among_some_tokens_alone_heeds_it(make_sampler):
    sampler = make_sampler(temperature=0.0, repeat_penalty=30.0, repeat_sustain=-1)
    sampler.accept(np.array([FAVOURITE], np.int32))

    found = sampler.draw(LOGITS, np.array([FAVOURITE, RANKED[1][0], RANKED[2][0]], np.int64))

    assert found == RANKED[1][0]
    assert (sampler.draw(LOGITS), sampler.draw(LOGITS)) == (RANKED[1][0], RANKED[1][0])


def test_it_looks_at_the_tokens_of_its_window_alone():
    """A row as large as a big vocabulary, of which nothing but the window's tokens may be touched."""

    class Row(np.ndarray):
        n_touched = 0

        def __setitem__(self, key, value):
            self.n_touched += len(value)
            super().__setitem__(key, value)

    row = np.ones(200_000, np.float32).view(Row)
    params = SamplingParams(repeat_penalty=2.0, repeat_sustain=4, repeat_decay=4)
    penalty = DecayingPenalty(params, 8, len(row))
    penalty.remember(np.arange(1000, dtype=np.int32))

    penalty.apply_to_row(row)

    assert row.n_touched == 8
    assert np.flatnonzero(np.asarray(row) != 1).tolist() == list(range(992, 1000))


SAMPLING = SamplingParams(
    temperature=0.0, ignore_eos=True, repeat_penalty=1.8, repeat_sustain=6, repeat_decay=6
)


def test_a_model_counts_the_prompt_whether_cached_or_not(make_engine):
    engine = make_engine()

    cold = engine.generate("abcabcabc", sampling=SAMPLING)[0]
    warm = engine.generate("abcabcabc", sampling=SAMPLING)[0]

    assert cold == warm != engine.generate("abcabcabc")[0]


def test_a_model_never_repeats_what_is_too_near(make_engine):
    """So heavy a penalty forbids tokens above 0 and below: those of the last six tokens cannot come."""
    engine = make_engine()
    sampling = SamplingParams(
        temperature=0.0,
        ignore_eos=True,
        repeat_penalty=1000.0,
        repeat_sustain=6,
        is_newline_penalized=True,
        logit_bias=tuple((token, -90.0) for token in range(N_VOCAB)),  # all below 0, where it multiplies
    )

    tokens = engine.generate("abc", sampling=sampling, max_tokens=40)[0]

    assert len(tokens) == 40
    assert all(len(set(tokens[i : i + 7])) == 7 for i in range(34))


def test_a_guided_text_at_scale_1_is_the_plain_one(make_engine):
    guided, plain = make_engine(), make_engine()
    guidance = Guidance(scale=1 + 1e-7, negative=["zzz"])

    text = guided.generate("abcabc", sampling=SAMPLING, guidance=guidance)[0]

    assert text == plain.generate("abcabc", sampling=SAMPLING)[0]


def test_within_a_grammar_it_chooses_among_what_is_allowed(make_engine):
    """Of two letters the one that came last is out of the question: they take turns."""
    structure = Structure(StructureKind.GBNF, 'root ::= ("a" | "b"){12}')
    sampling = SamplingParams(
        temperature=0.0,
        repeat_penalty=1000.0,
        repeat_sustain=1,
        logit_bias=((ord("a"), -60.0), (ord("b"), -60.0)),  # below 0, where it multiplies
    )

    tokens = make_engine().generate("ab", sampling=sampling, structure=structure, max_tokens=12)[0]

    assert bytes(tokens) == b"ab" * 6
