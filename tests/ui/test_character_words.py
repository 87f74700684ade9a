"""What is said about characters."""

from corral.prompt.persona import Persona
from corral.ui.character_words import MAX_CAPTION, caption, titles


def test_a_caption_is_the_description_in_one_line():
    persona = Persona(
        name="Mira", description="{{char}} keeps\n  a lighthouse for {{user}}.", user_name="Ada"
    )

    assert caption(persona) == "Mira keeps a lighthouse for Ada."


def test_a_long_description_is_cut_at_a_word():
    said = caption(Persona(name="Mira", description="lighthouse " * 5000))

    assert len(said) <= MAX_CAPTION
    assert said.endswith("lighthouse …")


def test_a_description_of_one_long_word_is_no_trouble():
    assert len(caption(Persona(name="Mira", description="x" * 5000))) <= MAX_CAPTION


def test_characters_of_one_name_are_told_apart_by_their_files():
    mira, otto = Persona(name="Mira"), Persona(name="Otto")

    assert titles({"a": mira, "b": mira, "c": otto}) == {"a": "Mira (a)", "b": "Mira (b)", "c": "Otto"}
