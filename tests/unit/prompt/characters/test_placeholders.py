"""Placeholders say who talks, when, and what was drawn, and nothing that was put in is read again."""

import datetime as dt

import msgspec
import pytest

from corral.prompt.characters.placeholders import Scene, expand

NOW = dt.datetime(2031, 3, 4, 15, 7, 59, tzinfo=dt.UTC)
SCENE = Scene(character="Mira", user="Jo", now=NOW)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{char}} sees {{user}}", "Mira sees Jo"),
        ("{{Char}} {{ USER }}", "Mira Jo"),
        ("<USER>, <BOT>, <char>, <user>", "Jo, Mira, Mira, Jo"),
        ("{{date}}", "March 4, 2031"),
        ("{{time}}", "3:07 PM"),
        ("{{weekday}}", "Tuesday"),
        ("{{isodate}} {{isotime}}", "2031-03-04 15:07"),
        ("a{{newline}}b{{noop}}", "a\nb"),
        ("a{{// not for the model: {it} }}b", "a{{// not for the model: {it} }}b"),
        ("a{{// not for the model\nnor here}}b", "ab"),
        ("a{{comment: x}}{{hidden_key:y}}b", "ab"),
        ("one\n\n{{trim}}\n\ntwo", "onetwo"),
        ("{{trim}}\n\nend", "end"),
        ("{{reverse:abc}}", "cba"),
        ("{{random:same,same}}", "same"),
        (r"{{pick:a\,b}}", "a,b"),
        ("{{random::a,b::a,b}}", "a,b"),
        ("{{roll:d1}} {{roll:1}} {{roll:3d1+2}} {{roll:d1-1}}", "1 1 5 0"),
        ("{{unknown}} {{a:b}} {{}} {x} <b>", "{{unknown}} {{a:b}} {{}} {x} <b>"),
        ("{{roll:0}} {{roll:much}} {{char", "{{roll:0}} {{roll:much}} {{char"),
        ("{{{user}}}", "{Jo}"),
    ],
)
def test_placeholder_becomes_what_it_stands_for(text, expected):
    assert expand(text, SCENE) == expected


def test_what_was_put_in_stays_text():
    scene = Scene(character="<USER>", user="{{char}}")

    assert expand("{{user}} meets {{char}}", scene) == "{{char}} meets <USER>"


def test_halves_of_placeholders_do_not_grow_together():
    scene = Scene(character="Mira", user="{{")

    assert expand("{{user}}char}}", scene) == "{{char}}"


def test_original_is_known_only_where_a_text_replaces_another():
    assert expand("Hm. {{original}}", SCENE, original="Be kind.") == "Hm. Be kind."
    assert expand("Hm. {{original}}", SCENE) == "Hm. {{original}}"


def test_dates_stay_as_written_where_no_time_is_known():
    assert expand("{{time}} {{user}}", Scene(character="Mira", user="Jo")) == "{{time}} Jo"


def test_seconds_do_not_change_a_text():
    later = msgspec.structs.replace(SCENE, now=NOW.replace(second=0))

    assert expand("{{time}} {{isotime}} {{date}}", SCENE) == expand("{{time}} {{isotime}} {{date}}", later)


def test_choices_repeat_for_the_same_place_and_differ_between_places_and_seeds():
    text = "{{random:" + ",".join(map(str, range(1000))) + "}}"
    places = [expand(text, SCENE, f"lore {number}") for number in range(20)]
    seeded = [expand(text, msgspec.structs.replace(SCENE, seed=seed), "lore 0") for seed in range(20)]

    assert places == [expand(text, SCENE, f"lore {number}") for number in range(20)]
    assert len(set(places)) > 10
    assert len(set(seeded)) > 10


def test_two_dice_of_one_text_fall_by_themselves():
    rolled = expand("{{roll:d1000}} " * 20, SCENE).split()

    assert len(set(rolled)) > 10


def test_dice_fall_on_every_side():
    rolled = {expand("{{roll:d6}}", SCENE, str(place)) for place in range(200)}

    assert rolled == set("123456")


@pytest.mark.parametrize("text", ["{" * 300_000, "{{a" * 100_000, "{{" + "\n" * 300_000, "<user" * 60_000])
def test_hostile_text_comes_back_unchanged(text):
    assert expand(text, SCENE) == text
