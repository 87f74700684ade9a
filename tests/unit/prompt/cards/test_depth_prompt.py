"""SillyTavern's character's note as an entry of the lorebook."""

import json

import msgspec
import pytest

from corral.prompt.cards.card import read_card, write_card
from corral.prompt.cards.document import CardVersion
from corral.prompt.characters.yaml import read_yaml, write_yaml
from corral.prompt.lorebook.book import LoreEntry, Place

NOTE = {"prompt": "Speak of the sea, {{char}}.", "depth": 2, "role": "system"}
BOTH = pytest.mark.parametrize("version", [CardVersion.V2, CardVersion.V3])


def card_of(extensions, **data):
    data = {"name": "Ada", "extensions": extensions, **data}
    return read_card(json.dumps({"spec": "chara_card_v2", "data": data}).encode())


def written(persona, version=CardVersion.V2):
    return json.loads(write_card(persona, version))["data"]


def test_it_always_stands_at_its_depth():
    persona = card_of({"depth_prompt": NOTE, "other": 1})

    (entry,) = persona.lorebook.entries
    assert entry == LoreEntry(
        content=NOTE["prompt"], is_constant=True, place=Place.DEPTH, depth=2, extra=entry.extra
    )
    assert persona.extensions == {"other": 1}


@BOTH
def test_it_is_given_back(version):
    persona = card_of({"depth_prompt": NOTE, "other": 1})

    data = written(read_yaml(write_yaml(persona)), version)

    assert data["extensions"] == {"depth_prompt": NOTE, "other": 1}
    assert "character_book" not in data


def test_a_lorebook_beside_it_stays():
    book = {"entries": [{"keys": ["sea"], "content": "Blue.", "enabled": True}]}

    persona = card_of({"depth_prompt": NOTE}, character_book=book)

    assert [entry.content for entry in persona.lorebook.entries] == ["Blue.", NOTE["prompt"]]
    assert [entry["content"] for entry in written(persona)["character_book"]["entries"]] == ["Blue."]


def test_an_empty_lorebook_beside_it_stays():
    assert (
        written(card_of({"depth_prompt": NOTE}, character_book={"entries": []}))["character_book"]["entries"]
        == []
    )


def test_what_was_changed_since_is_written():
    persona = card_of({"depth_prompt": NOTE})
    (entry,) = persona.lorebook.entries

    def edited(**fields):
        book = msgspec.structs.replace(persona.lorebook, entries=(msgspec.structs.replace(entry, **fields),))
        return written(msgspec.structs.replace(persona, lorebook=book))

    assert edited(content="Hush.", depth=0)["extensions"]["depth_prompt"] == {
        **NOTE,
        "prompt": "Hush.",
        "depth": 0,
    }
    keyed = edited(keys=("sea",), is_constant=False)
    assert "depth_prompt" not in keyed["extensions"]
    assert keyed["character_book"]["entries"][0]["content"] == NOTE["prompt"]


@pytest.mark.parametrize(
    "note",
    [
        {"prompt": "", "depth": 4},
        {"prompt": 3},
        {"prompt": "a", "depth": "4"},
        {"prompt": "a", "depth": -1},
        7,
    ],
)
def test_what_is_no_note_stays_what_it_is(note):
    persona = card_of({"depth_prompt": note})

    assert persona.lorebook is None
    assert written(persona)["extensions"] == {"depth_prompt": note}


def test_its_lines_are_lines_and_come_back_as_they_were():
    note = {**NOTE, "prompt": "a\r\nb"}
    persona = card_of({"depth_prompt": note})

    assert persona.lorebook.entries[0].content == "a\nb"
    assert written(persona)["extensions"]["depth_prompt"] == note


def test_without_a_depth_it_has_the_usual_one():
    assert card_of({"depth_prompt": {"prompt": "a"}}).lorebook.entries[0].depth == 4
