"""A character's file of whichever kind."""

import pytest

from corral.core.errors import CharacterFileError
from corral.prompt.cards.card import write_card
from corral.prompt.cards.document import CardVersion
from corral.prompt.cards.picture import write_png
from corral.prompt.characters.file import read_character
from corral.prompt.characters.yaml import write_yaml
from corral.prompt.persona import Persona

ADA = Persona(name="Ada", description="Counts.")


@pytest.mark.parametrize(
    "content",
    [
        write_yaml(ADA),
        b"\xef\xbb\xbf# a note\n" + write_yaml(ADA),
        write_card(ADA, CardVersion.V1),
        b"\xef\xbb\xbf \n" + write_card(ADA, CardVersion.V2),
        write_card(ADA, CardVersion.V3),
        write_png(ADA),
    ],
)
def test_content_says_what_kind_it_is(content):
    assert read_character(content, "ada.txt") == ADA


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the file is empty"),
        (b" \n", "the file is empty"),
        (b"\xff\xd8\xff\xe0", "this is a JPEG picture; character cards are read from PNG files"),
        (b"RIFF1234WEBP", "this is a WebP picture; character cards are read from PNG files"),
        (b"PK\x03\x04", "this is a ZIP archive (CHARX?); save the character as PNG or JSON"),
        (bytes(21 * 2**20), "the file is larger than 20971520 bytes"),
        (b"name: x\ncolour: blue", "unknown key 'colour'; known are name"),
    ],
)
def test_message_begins_with_the_files_name(content, said):
    with pytest.raises(CharacterFileError) as caught:
        read_character(content, "ada.png")

    assert caught.value.message.startswith(f"ada.png: {said}")
