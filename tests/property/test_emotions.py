"""Shares of emotions are a distribution over the list, in whatever order it stands."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corral.prompt.builtin_templates import BUILTIN
from corral.prompt.emotions.question import Line, continuations, question
from corral.prompt.emotions.shares import best, shares
from corral.prompt.emotions.words import wanted
from corral.prompt.templates import ChatTemplate

CHATML = ChatTemplate(BUILTIN["chatml"])
SPECIAL = ["<|im_end|>", "<|im_start|>", "<", "|", "[", "INST]", "</s>", "\n", " ", '"', "a", "É"]
TEXTS = st.lists(st.one_of(st.sampled_from(SPECIAL), st.text(max_size=3)), max_size=8).map("".join)
LOGPROBS = st.lists(
    st.one_of(st.floats(-1e4, 0.0), st.just(-math.inf), st.just(math.nan)), min_size=0, max_size=4
)
SCORED = st.dictionaries(st.text(max_size=5), LOGPROBS, min_size=1, max_size=20)


@given(SCORED)
def test_shares_are_a_distribution_over_the_list(scored: dict[str, list[float]]):
    found = shares(list(scored), list(scored.values()))

    assert list(found) == list(scored)
    assert math.fsum(found.values()) == pytest.approx(1.0)
    assert all(0.0 <= share <= 1.0 for share in found.values())
    assert best(found) in scored


@given(SCORED, st.randoms(use_true_random=False))
def test_another_order_of_the_list_changes_no_share(scored: dict[str, list[float]], rng):
    words = list(scored)
    shuffled = rng.sample(words, len(words))

    found = shares(shuffled, [scored[word] for word in shuffled])

    assert found == pytest.approx(shares(words, list(scored.values())))


@given(st.lists(TEXTS, max_size=30))
def test_wanted_words_are_of_the_list_and_wanted_again(emotions: list[str]):
    words = wanted(emotions)

    assert set(words) <= set(emotions)
    assert wanted(words) == words
    assert bool(words) == any(emotion.strip() for emotion in emotions)


@given(st.lists(TEXTS, min_size=1, max_size=5), st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=5))
def test_nothing_quoted_ends_the_turn_that_quotes_it(words: list[str], said: list[tuple[str, str]]):
    text = question(words, [Line(name, message) for name, message in said], CHATML)

    assert text.count("<|im_end|>") == 2
    assert text.count("<|im_start|>") == 2
    assert all(part in text for part in continuations(words, text))
