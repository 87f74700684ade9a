"""The samplers' formulas, written down plainly over lists of (token, logit)."""

from __future__ import annotations

import itertools
import math
from collections import Counter

import numpy as np
import pytest

N_VOCAB = 257
END = 256
NEWLINE = 10
LOGITS = (np.random.default_rng(11).normal(0, 3, N_VOCAB)).astype(np.float32)
HISTORY = [*b"to be or not to be, that is the question:\nto be or", NEWLINE, *b"not to b"]
PENALTIES = {"repeat_penalty": 1.3, "frequency_penalty": 0.2, "presence_penalty": 0.4}
FORMULA = {"repeat": 1.3, "frequency": 0.2, "presence": 0.4}


def ranked(logits):
    """Return pairs of token and logit, best first."""
    return sorted(enumerate(map(float, logits)), key=lambda pair: -pair[1])


def softmax(pairs):
    """Return the probabilities that are not 0."""
    top = max(logit for _, logit in pairs)
    raised = {token: math.exp(logit - top) for token, logit in pairs if logit > -math.inf}
    return {token: value / sum(raised.values()) for token, value in raised.items()}


def top_k(pairs, k):
    return ranked_pairs(pairs)[:k]


def ranked_pairs(pairs):
    return sorted(pairs, key=lambda pair: -pair[1])


def top_p(pairs, p, min_keep=0):
    probs, total = softmax(pairs), 0.0
    for n, (token, _) in enumerate(ranked_pairs(pairs), start=1):
        total += probs[token]
        if total >= p and n >= min_keep:
            return ranked_pairs(pairs)[:n]
    return pairs


def min_p(pairs, p, min_keep=0):
    pairs = ranked_pairs(pairs)
    n = sum(logit >= pairs[0][1] + math.log(p) for _, logit in pairs)
    return pairs[: max(n, min_keep)]


def typical(pairs, p, min_keep=0):
    probs = softmax(pairs)
    entropy = -sum(value * math.log(value) for value in probs.values())
    order = sorted(probs, key=lambda token: abs(-math.log(probs[token]) - entropy))
    total, kept = 0.0, set()
    for token in order:
        kept.add(token)
        total += probs[token]
        if total > p and len(kept) >= min_keep:
            break
    return [pair for pair in pairs if pair[0] in kept]


def tail_free(pairs, z, min_keep=0):
    pairs = ranked_pairs(pairs)
    probs = list(softmax(pairs).values())
    slopes = [a - b for a, b in itertools.pairwise(probs)]
    curves = [abs(a - b) for a, b in itertools.pairwise(slopes)]
    total, n_kept = 0.0, len(pairs)
    for i, curve in enumerate(curves):
        total += curve / sum(curves) if sum(curves) > 1e-6 else 1 / len(curves)
        if total > z and i >= min_keep:
            n_kept = i
            break
    return pairs[: max(1, n_kept)]


def top_n_sigma(pairs, n):
    possible = [logit for _, logit in pairs if logit > -math.inf]
    bound = max(possible) - n * np.std(possible)
    return [(token, logit) for token, logit in pairs if logit >= bound]


def warmed(pairs, temperature):
    return [(token, logit / temperature) for token, logit in pairs]


def dynamically_warmed(pairs, temperature, spread, exponent):
    probs = softmax(pairs).values()
    entropy = -sum(p * math.log(p) for p in probs) / math.log(len(pairs))
    low = max(0.0, temperature - spread)
    return warmed(pairs, low + (temperature + spread - low) * entropy**exponent)


def penalized(pairs, history, *, spared=None, **formula):
    counts = Counter(history)
    changed = []
    for token, logit in pairs:
        if counts[token] and token != spared:
            logit = logit * formula["repeat"] if logit <= 0 else logit / formula["repeat"]  # noqa: PLW2901 - one formula, two lines
            logit -= counts[token] * formula["frequency"] + formula["presence"]  # noqa: PLW2901
        changed.append((token, logit))
    return changed


def dried(pairs, history, *, breakers, **formula):
    """DRY by looking at every earlier place: how long a passage would the token there repeat?"""
    allowed_length = formula["allowed_length"]
    limit = next((n for n, token in enumerate(reversed(history)) if token in breakers), len(history))
    longest = Counter()
    for place in range(1, len(history)):
        n = 0
        while n < place and n < limit and history[place - 1 - n] == history[-1 - n]:
            n += 1
        if n >= allowed_length:
            longest[history[place]] = max(longest[history[place]], n)
    return [
        (token, logit - formula["multiplier"] * formula["base"] ** (longest[token] - allowed_length))
        if longest[token] and token not in breakers
        else (token, logit)
        for token, logit in pairs
    ]


def excluding_top_choices(pairs, threshold):
    pairs = ranked_pairs(pairs)
    probs = softmax(pairs)
    n_top = sum(probs[token] >= threshold for token, _ in pairs)
    return pairs[max(0, n_top - 1) :]


def probabilities(candidates):
    left = candidates.left
    return softmax(list(zip(left["id"].tolist(), left["logit"].tolist(), strict=True)))


def assert_same(found, pairs):
    expected = softmax(pairs)
    assert set(found) == set(expected)
    assert found == pytest.approx(expected, rel=1e-4, abs=1e-9)


RANKED = ranked(LOGITS)
