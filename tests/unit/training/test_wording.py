"""Patterns become sentences."""

from __future__ import annotations

from random import Random

import pytest

from training.corpus.wording import article, capitalized, expand, listed, normalized, typed


def test_a_choice_becomes_one_of_its_parts():
    made = {expand(Random(seed), "{a|b} c") for seed in range(20)}

    assert made == {"a c", "b c"}


def test_choices_may_be_nested():
    made = {expand(Random(seed), "{a|{b|c} d}") for seed in range(40)}

    assert made == {"a", "b d", "c d"}


def test_what_fills_a_slot_is_not_read_as_a_pattern():
    assert expand(Random(1), "say [text]", text="{a|b} [c]") == "say {a|b} [c]"


def test_an_unknown_slot_is_an_error():
    with pytest.raises(KeyError):
        expand(Random(1), "[missing]")


def test_typing_keeps_the_words():
    made = {normalized(typed(Random(seed), "What is it?")) for seed in range(60)}

    assert all("what is it" in one for one in made)


@pytest.mark.parametrize(("noun", "expected"), [("owl", "an owl"), ("cat", "a cat")])
def test_articles_fit_the_noun(noun: str, expected: str):
    assert article(noun) == expected


def test_lists_end_with_a_joint():
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert listed(["a", "b"], " or ") == "a or b"


def test_capitalizing_keeps_the_rest():
    assert capitalized("iPhone in Rome") == "IPhone in Rome"


def test_normalized_text_has_only_words():
    assert normalized("  What's THAT?! ") == "what s that"
