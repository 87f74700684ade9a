"""Cards that programs write otherwise than the specifications say."""

import json

import pytest

from corral.core.errors import CharacterFileError
from corral.prompt.cards.card import read_card
from corral.prompt.lorebook.book import LoreEntry, Place
from corral.prompt.persona import Speaker, Turn


def read(raw):
    return read_card(json.dumps(raw).encode())


def read_data(**data):
    return read({"spec": "chara_card_v2", "spec_version": "2.0", "data": {"name": "Ada", **data}})


def read_entries(entries, book=None):
    return read_data(character_book={**(book or {}), "entries": entries}).lorebook


def test_pygmalions_card_is_one_of_v1():
    persona = read(
        {
            "char_name": "Ada",
            "char_persona": "Counts.",
            "world_scenario": "London",
            "char_greeting": "Good day.",
            "example_dialogue": "{{user}}: 2+2?\nAda: 4",
        }
    )

    assert (persona.name, persona.description, persona.scenario) == ("Ada", "Counts.", "London")
    assert persona.greeting == "Good day."
    assert persona.examples == ((Turn(Speaker.USER, "2+2?"), Turn(Speaker.CHARACTER, "4")),)


def test_agnais_own_format_is_refused_rather_than_read_as_an_empty_card():
    raw = {"kind": "character", "name": "Ada", "scenario": "", "greeting": "Hi", "persona": {"kind": "text"}}

    with pytest.raises(CharacterFileError, match="Agnai's own format; export the character as a card"):
        read(raw)


def test_lists_may_be_texts_with_commas_and_a_version_a_number():
    persona = read_data(tags="sea, , winter", character_version=1.2)

    assert persona.credits.tags == ("sea", "winter")
    assert persona.credits.version == "1.2"


def test_numbers_of_a_book_may_be_texts():
    entry = {"keys": "sea, salt", "content": "Blue.", "insertion_order": "7", "priority": ""}

    book = read_entries([entry], {"scan_depth": "3", "token_budget": " 500 "})

    assert (book.scan_depth, book.token_budget) == (3, 500)
    assert book.entries == (
        LoreEntry(content="Blue.", keys=("sea", "salt"), order=7, extra={"priority": None}),
    )


@pytest.mark.parametrize(
    ("position", "place"), [(0, Place.BEFORE), (1, Place.AFTER), (4, Place.DEPTH), (2, Place.BEFORE)]
)
def test_position_may_be_sillytaverns_number(position, place):
    book = read_entries([{"keys": ["sea"], "content": "Blue.", "constant": True, "position": position}])

    assert book.entries[0].place is place


def test_world_info_of_sillytavern_is_a_book():
    world = {
        "3": {
            "uid": 3,
            "key": ["sea"],
            "keysecondary": ["salt"],
            "content": "Blue.",
            "selective": True,
            "selectiveLogic": 0,
            "order": 7,
            "position": 4,
            "depth": 2,
            "probability": 30,
            "useProbability": True,
            "caseSensitive": True,
            "disable": False,
        },
        "5": {"uid": 5, "key": ["land"], "content": "Green.", "disable": True},
    }

    sea, land = read_entries(world).entries

    assert (sea.keys, sea.secondary_keys, sea.is_selective) == (("sea",), ("salt",), True)
    assert (sea.place, sea.depth, sea.order, sea.probability) == (Place.DEPTH, 2, 7, 30)
    assert sea.is_case_sensitive
    assert sea.is_enabled
    assert (land.content, land.is_enabled) == ("Green.", False)


@pytest.mark.parametrize(
    ("book", "said"),
    [
        ({"entries": "many"}, "entries: expected array, got str"),
        ({"entries": [1]}, r"entries\[0\]: expected object, got int"),
        ({"entries": {"0": 1}}, r"entries\[0\]: expected object, got int"),
        ({"entries": [], "scan_depth": "deep"}, "scan_depth: expected int | float, got str"),
        ({"entries": [], "scan_depth": "9" * 5000}, "scan_depth: expected int | float, got str"),
        ({"entries": [{"keys": 5, "content": ""}]}, r"entries\[0\].keys: expected array, got int"),
        ({"entries": [{"key": ["a"], "order": []}]}, r"insertion_order: expected int | float, got array"),
        ({"entries": [{"keys": [], "insertion_order": "²"}]}, "insertion_order: expected int | float"),
    ],
)
def test_what_is_not_meant_so_is_still_refused(book, said):
    with pytest.raises(CharacterFileError, match=said):
        read_data(character_book=book)
