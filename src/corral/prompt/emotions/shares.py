"""From the log-probabilities of words to a distribution over them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence


def shares(words: Sequence[str], logprobs: Sequence[Sequence[float]]) -> dict[str, float]:
    """Return how probable each word is among `words`, in their order; the shares sum to 1.

    `words` are distinct and at least one; `logprobs` are those of the tokens of each word, in nats. The mean
    over its tokens counts, so that a long word is not worse for its length: softmax of the means at
    temperature 1. A word without tokens, or with a NaN among them, is impossible; if all are, all are alike.
    """
    means = [_mean(each) for each in logprobs]
    highest = max(means)
    if highest == -math.inf:
        return dict.fromkeys(words, 1 / len(words))
    weights = [math.exp(mean - highest) for mean in means]
    total = math.fsum(weights)
    return {word: weight / total for word, weight in zip(words, weights, strict=True)}


def best(shares: Mapping[str, float]) -> str:
    """Return the word with the largest share; of equal ones the first of the list."""
    return max(shares, key=lambda word: shares[word])


def _mean(logprobs: Sequence[float]) -> float:
    if not logprobs:
        return -math.inf
    mean = math.fsum(logprobs) / len(logprobs)
    return -math.inf if math.isnan(mean) else mean
