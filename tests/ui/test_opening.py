"""What a character says before anybody else does."""

import datetime as dt

import pytest

from corral.prompt.persona import Persona
from corral.ui.opening import Opening, opening_of

NOW = dt.datetime(2030, 1, 2, 3, 4, tzinfo=dt.UTC)


def test_nobody_says_nothing():
    assert opening_of(None, NOW) is None


@pytest.mark.parametrize("greetings", [(), ("",), (" \n", "{{// a comment}}")])
def test_a_character_without_a_greeting_waits(greetings):
    assert opening_of(Persona(name="Mira", greetings=greetings), NOW) is None


def test_placeholders_are_filled_in():
    persona = Persona(name="Mira", user_name="Ada", greetings=("{{char}} greets {{user}} on {{isodate}}.",))

    assert opening_of(persona, NOW) == Opening("Mira", ("Mira greets Ada on 2030-01-02.",))


def test_a_nickname_is_what_it_is_called():
    persona = Persona(name="Mira of the Rock", nickname="Mira", greetings=("I am {{char}}.",))

    assert opening_of(persona, NOW) == Opening("Mira", ("I am Mira.",))


def test_blank_greetings_are_left_out():
    assert opening_of(Persona(name="Mira", greetings=("", " a ", "b")), NOW).greetings == ("a", "b")


@pytest.mark.parametrize(("n_steps", "text"), [(1, "b"), (2, "c"), (3, "a"), (-1, "c")])
def test_greetings_are_turned_in_a_circle(n_steps, text):
    opening = Opening("Mira", ("a", "b", "c"))

    opening.turn(n_steps)

    assert opening.text == text
