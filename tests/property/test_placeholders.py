"""Placeholders in any text."""

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from corral.prompt.characters.placeholders import Scene, expand
from corral.prompt.lorebook.keys import PlainKey, Said

NOW = dt.datetime(2031, 3, 4, 15, 7, tzinfo=dt.UTC)
PIECES = [
    "{{",
    "}}",
    "{",
    "}",
    "<",
    ">",
    "user",
    "char",
    ":",
    ",",
    "roll:d6",
    "random:a,b",
    "trim",
    "//",
    "\n",
    "é",
]
TEXTS = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=3)), max_size=20).map("".join)


@given(TEXTS, TEXTS, TEXTS)
def test_names_are_put_in_as_they_are(before, user, behind):
    scene = Scene(character="Mira", user=user)
    plain = [text.replace("{", "(").replace("}", ")").replace("<", "(") for text in (before, behind)]

    assert expand("{{user}}".join(plain), scene) == user.join(plain)


@given(TEXTS, st.text(max_size=5))
def test_any_text_is_expanded_and_always_to_the_same(text, place):
    scene = Scene(character="Mira", user="Jo", now=NOW)

    assert expand(text, scene, place) == expand(text, scene, place)


@given(st.text(max_size=30), st.text(min_size=1, max_size=5), st.text(max_size=30))
def test_text_says_every_key_that_it_holds_as_a_word(before, key, behind):
    is_empty = not key.strip()
    text = f"{before} {key} {behind}"

    for is_whole_word in (False, True):
        found = PlainKey(key, is_case_sensitive=False, is_whole_word=is_whole_word).is_in(Said(text))
        assert found or is_empty
