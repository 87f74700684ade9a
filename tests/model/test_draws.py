"""What is drawn from what samplers leave, and what samplers learn from it."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest

from tests.model.sampler_references import (
    FORMULA,
    HISTORY,
    LOGITS,
    N_VOCAB,
    NEWLINE,
    PENALTIES,
    RANKED,
    assert_same,
    penalized,
    probabilities,
    ranked_pairs,
    softmax,
    tail_free,
    top_k,
    typical,
    warmed,
)

MIROSTAT_STEPS = 200


def test_mirostat_2_cuts_by_surprise_and_learns(make_sampler):
    tau, eta = 3.0, 0.2
    sampler = make_sampler(mirostat=2, mirostat_tau=tau, mirostat_eta=eta, temperature=1.3)
    probs, mu = softmax(warmed(RANKED, 1.3)), 2 * tau

    for _ in range(MIROSTAT_STEPS):
        candidates = sampler.survivors(LOGITS)

        kept = [t for t in probs if -math.log2(probs[t]) <= mu] or [RANKED[0][0]]
        found = probabilities(candidates)
        assert_same(found, [(t, math.log(probs[t])) for t in kept])
        mu -= eta * (-math.log2(found[candidates.token]) - tau)


def test_mirostat_1_keeps_the_k_of_its_estimate_and_learns(make_sampler):
    tau, eta = 3.0, 0.2
    sampler = make_sampler(mirostat=1, mirostat_tau=tau, mirostat_eta=eta, temperature=1.3)
    pairs = ranked_pairs(warmed(RANKED, 1.3))
    probs = list(softmax(pairs).values())
    t = [math.log((i + 2) / (i + 1)) for i in range(99)]
    b = [math.log(probs[i] / probs[i + 1]) for i in range(99)]
    s = sum(x * y for x, y in zip(t, b, strict=True)) / sum(x * x for x in t)
    mu = 2 * tau

    for _ in range(MIROSTAT_STEPS):
        candidates = sampler.survivors(LOGITS)

        k = ((s - 1) * 2**mu / (1 - N_VOCAB ** -(s - 1))) ** (1 / s)
        found = probabilities(candidates)
        assert len(found) in {max(1, int(k - 0.01)), max(1, int(k + 0.01))}
        assert_same(found, pairs[: len(found)])
        mu -= eta * (-math.log2(found[candidates.token]) - tau)


@pytest.mark.parametrize("version", [1, 2])
def test_mirostat_ignores_the_list(make_sampler, version):
    plain = make_sampler(mirostat=version, seed=5)
    listed = make_sampler("top_k", "tfs_z", mirostat=version, seed=5, top_k=1, tfs_z=0.1)

    assert [plain.draw(LOGITS) for _ in range(50)] == [listed.draw(LOGITS) for _ in range(50)]


def test_adaptive_p_aims_at_a_probability_and_remembers_what_it_took(make_sampler):
    target, decay = 0.15, 0.8
    sampler = make_sampler("adaptive_p", adaptive_target=target, adaptive_decay=decay)
    probs = softmax(RANKED)
    weighted, weight = target / (1 - decay), 1 / (1 - decay)

    for _ in range(50):
        candidates = sampler.survivors(LOGITS)

        aim = min(1.0, max(0.0, 2 * target - weighted / weight))
        off = {token: abs(p - aim) / 0.3 for token, p in probs.items()}
        assert_same(probabilities(candidates), [(t, 5 - 10 * d * d / (1 + d)) for t, d in off.items()])
        sampler.accept(np.array([candidates.token], np.int32))
        weighted = probs[candidates.token] + decay * weighted
        weight = 1 + decay * weight


def test_adaptive_p_below_zero_draws_from_what_is_there(make_sampler):
    sampler = make_sampler("top_k", "adaptive_p", top_k=9)

    assert_drawn_from(softmax(top_k(RANKED, 9)), [sampler.draw(LOGITS) for _ in range(3000)])


DRAWN = {
    "plain": ((), {}, softmax(RANKED)),
    "top_k": (("top_k",), {"top_k": 7}, softmax(top_k(RANKED, 7))),
    "warm": (("temperature",), {"temperature": 1.7}, softmax(warmed(RANKED, 1.7))),
    "tail-free": (("tfs_z",), {"tfs_z": 0.9}, softmax(tail_free(RANKED, 0.9))),
    "typical": (("typ_p",), {"typical_p": 0.6}, softmax(typical(RANKED, 0.6))),
    "one": (("top_k",), {"top_k": 1}, {RANKED[0][0]: 1.0}),
    "penalised": (
        (),
        {"repeat_last_n": -1, "history": HISTORY, **PENALTIES},
        softmax(penalized(RANKED, HISTORY, spared=NEWLINE, **FORMULA)),
    ),
    "biased": (
        (),
        {"bias": [(RANKED[0][0], -math.inf), (RANKED[9][0], 3.0)]},
        softmax(
            [
                (token, logit + 3.0 * (token == RANKED[9][0]))
                for token, logit in RANKED
                if token != RANKED[0][0]
            ]
        ),
    ),
}


@pytest.mark.parametrize(("samplers", "fields", "expected"), DRAWN.values(), ids=DRAWN)
def test_tokens_are_drawn_as_often_as_their_probabilities_say(make_sampler, samplers, fields, expected):
    sampler = make_sampler(*samplers, **fields)

    drawn = [sampler.draw(LOGITS) for _ in range(4000)]

    assert_drawn_from(expected, drawn)


def assert_drawn_from(expected, drawn):
    """Pearson's chi-square, five standard deviations of its own; the rare tokens count as one."""
    counts, n = Counter(drawn), len(drawn)
    assert set(counts) <= set(expected)
    common = [token for token, p in expected.items() if p * n >= 5]
    cells = [(counts[token], expected[token] * n) for token in common]
    rest = n - sum(count for count, _ in cells), n - sum(mean for _, mean in cells)
    cells += [rest] if rest[1] > 1 else []
    statistic = sum((count - mean) ** 2 / mean for count, mean in cells)
    degrees = max(1, len(cells) - 1)
    assert statistic < degrees + 5 * math.sqrt(2 * degrees)


def test_a_draw_changes_neither_the_logits_nor_what_is_remembered(make_sampler):
    sampler = make_sampler(repeat_last_n=-1, history=HISTORY, bias=[(65, 2.0)], **PENALTIES)
    logits = LOGITS.copy()

    before = probabilities(sampler.survivors(logits))
    for _ in range(20):
        sampler.draw(logits)

    assert probabilities(sampler.survivors(logits)) == before
    assert (logits == LOGITS).all()


@pytest.mark.parametrize("seed", [0, 42, 2**32 - 2])
def test_a_seed_repeats_its_draws(make_sampler, seed):
    first, second = make_sampler(seed=seed), make_sampler(seed=seed)

    assert [first.draw(LOGITS) for _ in range(20)] == [second.draw(LOGITS) for _ in range(20)]


def test_the_steps_in_python_take_no_chance_of_their_own(make_sampler):
    """A chain with tail-free that keeps all draws as the chain without it: one draw per token."""
    plain = make_sampler("top_k", top_k=9, seed=42)
    split = make_sampler("top_k", "tfs_z", top_k=9, tfs_z=0.9999999, min_keep=9, seed=42)

    assert [split.draw(LOGITS) for _ in range(50)] == [plain.draw(LOGITS) for _ in range(50)]
