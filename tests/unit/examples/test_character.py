"""A character file is checked when it is read, and says what is wrong with it."""

import json

import pytest

from examples.discord_bot.character import CharacterFileError, read_character
from examples.discord_bot.emotion import Display, Emotions
from examples.discord_bot.settings import SHIPPED_CHARACTER
from tests.unit.examples.characters import INLINE, NAMED, character


def without(key):
    return {name: value for name, value in INLINE.items() if name != key}


def with_character(**changes):
    return INLINE | {"character": INLINE["character"] | changes}


def test_the_shipped_character_is_whole_and_every_emotion_has_an_emoji():
    shipped = read_character(SHIPPED_CHARACTER.read_text(encoding="utf-8"))
    emotions = Emotions(shipped.emoji, Display.REACTION)

    assert shipped.name == "Marla"
    assert shipped.greeting
    assert all(emotions.reaction(emotion) for emotion in shipped.character["emotions"])


def test_a_character_of_the_servers_folder_is_a_name():
    named = character(NAMED)

    assert (named.character, named.name, named.greeting, named.template) == ("marla", None, None, None)


def test_a_name_may_come_with_a_template():
    template = INLINE["promptTemplate"]

    assert character(NAMED, promptTemplate=template).template == template


def test_a_greeting_that_needs_the_server_is_not_sent_as_it_is():
    assert character(with_character(greeting="I am @{charName}.")).greeting is None
    assert character(with_character(greeting="  ")).greeting is None


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ([], "The character file"),
        (without("character"), "'character'"),
        (without("promptTemplate"), "'promptTemplate'"),
        (without("genParams"), "'genParams'"),
        (INLINE | {"character": " "}, "'character'"),
        (INLINE | {"character": 5}, "'character'"),
        (with_character(persona=None), "'character.persona'"),
        (with_character(charName=["a"]), "'character.charName'"),
        (with_character(charName=" "), "'character.charName'"),
        (with_character(chatExample="none"), "'character.chatExample'"),
        (INLINE | {"promptTemplate": {"prompt": "", "character": ""}}, "'promptTemplate.user'"),
        (INLINE | {"promptTemplate": INLINE["promptTemplate"] | {"system": 1}}, "'system'"),
        (INLINE | {"genParams": {}}, "'genParams.max_new_tokens'"),
        (INLINE | {"genParams": {"max_new_tokens": True}}, "'genParams.max_new_tokens'"),
        (INLINE | {"genParams": {"max_new_tokens": 0}}, "'genParams.max_new_tokens'"),
        (INLINE | {"emoji": {"happy": 1}}, "'happy'"),
        (INLINE | {"emoji": ["x"]}, "'emoji'"),
    ],
)
def test_what_is_wrong_is_named(body, named):
    with pytest.raises(CharacterFileError, match=named):
        read_character(json.dumps(body))


@pytest.mark.parametrize("content", ["", "{", "charName: Marla", "[" * 200_000])
def test_what_is_no_json_is_refused(content):
    with pytest.raises(CharacterFileError, match="no JSON"):
        read_character(content)
