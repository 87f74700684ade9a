"""Emotions are shown as a reaction, behind the text, or not at all."""

import pytest

from examples.discord_bot.emotion import Display, Emotions


def test_a_reaction_is_the_emoji_of_the_emotion():
    emotions = Emotions({}, Display.REACTION)

    assert emotions.reaction("happy") == "😊"
    assert emotions.suffixed("Good.", "happy") == "Good."


def test_the_operators_emoji_goes_before_the_usual_one():
    assert Emotions({"Happy": "🐐"}, Display.REACTION).reaction("HAPPY") == "🐐"


@pytest.mark.parametrize("display", Display)
@pytest.mark.parametrize("emotion", [None, "unheard-of", ""])
def test_an_emotion_without_an_emoji_is_not_shown(display, emotion):
    emotions = Emotions({}, display)

    assert emotions.reaction(emotion) is None
    assert emotions.suffixed("Good.", emotion) == "Good."


def test_a_suffix_is_added_and_taken_off_again():
    emotions = Emotions({"wistful": "🌫️"}, Display.SUFFIX)

    suffixed = emotions.suffixed("Good.", "wistful")

    assert suffixed == "Good. 🌫️"
    assert emotions.unsuffixed(suffixed) == "Good."
    assert emotions.reaction("wistful") is None


def test_emoji_of_the_models_own_stay_where_emotions_are_reactions():
    assert Emotions({}, Display.REACTION).unsuffixed("Good. 😊") == "Good. 😊"


def test_nothing_is_shown_where_nothing_is_wanted():
    emotions = Emotions({}, Display.NONE)

    assert emotions.reaction("happy") is None
    assert emotions.suffixed("Good.", "happy") == "Good."
