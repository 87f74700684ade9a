"""How turns begin in plain text, and where an answer ends."""

from corral.prompt.characters.speaking import stops_of
from corral.prompt.persona import Persona


def test_answer_ends_where_the_user_would_speak():
    assert stops_of(Persona(name="Mira"), "Jo") == ["\nJo:"]
    assert stops_of(Persona(name="Mira", user_name="Guest")) == ["\nGuest:"]


def test_own_stops_of_a_persona_come_first_and_none_twice():
    persona = Persona(name="Mira", stop=("<END>", "{{char}} leaves", "", "\nJo:", "<END>"))

    assert stops_of(persona, "Jo") == ["<END>", "Mira leaves", "\nJo:"]


def test_prefix_of_the_user_is_what_an_answer_ends_at():
    persona = Persona(name="Mira", user_prefix="!@>{{user}}: ")

    assert stops_of(persona, "Jo") == ["\n!@>Jo:"]
    assert stops_of(Persona(name="Mira", user_prefix=""), "Jo") == []
