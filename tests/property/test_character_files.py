"""Whatever a character's file holds: it is read, or refused in one sentence."""

import base64
import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corral.core.errors import CharacterFileError
from corral.prompt.cards.card import write_card
from corral.prompt.cards.chunks import Chunk, write_chunks
from corral.prompt.cards.document import CardVersion
from corral.prompt.cards.picture import write_png
from corral.prompt.characters.file import read_character
from corral.prompt.characters.yaml import write_yaml
from corral.prompt.lorebook.book import Lorebook, LoreEntry, Place
from corral.prompt.persona import Persona, PersonaSampling, Speaker, Turn
from tests.property.personas import json_values, v2_cards, v3_cards

WHOLE = Persona(
    name="Ada",
    nickname="A.",
    description="An engine's first author.\nShe counts.",
    system="Be exact.",
    greetings=("Good day.", "Hm?"),
    examples=((Turn(Speaker.USER, "Two?"), Turn(Speaker.CHARACTER, "Four.")),),
    emotions=("proud", "calm"),
    sampling=PersonaSampling(temperature=0.5),
    lorebook=Lorebook(
        entries=(
            LoreEntry(content="It has cogs.", keys=("engine",), place=Place.DEPTH, depth=2),
            LoreEntry(content="@@role user\nIt rains.", is_constant=True, probability=50),
        )
    ),
    extensions={"other": {"a": [1, None, True]}},
)
FILES = [
    write_yaml(WHOLE),
    write_card(WHOLE, CardVersion.V1),
    write_card(WHOLE, CardVersion.V2),
    write_card(WHOLE, CardVersion.V3),
    write_png(WHOLE),
]
PIECES = [
    b"{",
    b"[",
    b"}",
    b'"',
    b"\n",
    b": ",
    b"- ",
    b"&a ",
    b"*a",
    b"!!x ",
    b"\\u",
    b"null",
    b"1e999",
    b"\xff",
]
many = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def outcome(content):
    """Return the persona or the error, after checking that it is one of the two and can be used."""
    try:
        found = read_character(content, "file")
    except CharacterFileError as caught:
        error = caught
    else:
        write_card(found, CardVersion.V3)
        write_card(found, CardVersion.V1)
        write_yaml(found)
        return found
    assert error.message.startswith("file: ")
    assert len(error.message.splitlines()) == 1
    assert len(error.message) < 500
    return error


@many
@given(data=st.data())
def test_mutated_file_is_refused_or_read(data):
    content = bytearray(data.draw(st.sampled_from(FILES)))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        match data.draw(st.sampled_from(["octet", "piece", "cut", "repeat"])):
            case "octet":
                content[at] = data.draw(st.integers(0, 255))
            case "piece":
                content[at:at] = data.draw(st.sampled_from(PIECES))
            case "cut":
                del content[at : at + data.draw(st.integers(0, 40))]
            case "repeat":
                content[at:at] = content[at : at + data.draw(st.integers(0, 200))]
        content = content or bytearray(1)

    outcome(bytes(content))


@many
@given(start=st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"{", b"name: x\n"]), tail=st.binary(max_size=200))
def test_random_bytes_are_refused_or_read(start, tail):
    outcome(start + tail)


@many
@given(
    kind=st.sampled_from([b"tEXt", b"zTXt", b"iTXt"]),
    word=st.sampled_from([b"chara", b"ccv3"]),
    data=st.data(),
)
def test_picture_with_any_text_is_refused_or_read(kind, word, data):
    said = data.draw(st.one_of(st.binary(max_size=60), json_values.map(packed), v2_cards.map(packed)))
    text = Chunk(
        kind, word + b"\0" + data.draw(st.sampled_from([b"", b"\0", b"\0\0\0\0", b"\1\0\0\0"])) + said
    )

    outcome(write_chunks([Chunk(b"IHDR", b""), text, Chunk(b"IEND", b"")]))


@many
@given(card=st.one_of(v2_cards, v3_cards), data=st.data())
def test_card_with_anything_anywhere_is_refused_or_read(card, data):
    place = card
    while isinstance(place, dict | list) and place:
        key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
        if not place[key] or not isinstance(place[key], dict | list) or data.draw(st.booleans()):
            place[key] = data.draw(json_values)
            break
        place = place[key]

    outcome(json.dumps(card).encode())


def packed(value):
    return base64.b64encode(json.dumps(value).encode())
