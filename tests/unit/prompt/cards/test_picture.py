"""Character cards in PNG files."""

import base64
import io
import json
import zlib

import pytest
from PIL import Image

from corral.core.errors import CharacterFileError
from corral.prompt.cards.card import read_card, write_card
from corral.prompt.cards.chunks import SIGNATURE, Chunk, read_chunks, write_chunks
from corral.prompt.cards.document import CardVersion
from corral.prompt.cards.picture import write_png
from corral.prompt.persona import Persona

ADA = Persona(name="Ada", description="Counts.", emotions=("glad",))
BO = Persona(name="Bo")
HEAD, END = Chunk(b"IHDR", bytes(13)), Chunk(b"IEND", b"")


def packed(persona, version=CardVersion.V2):
    return base64.b64encode(write_card(persona, version))


def picture(*chunks):
    return write_chunks([HEAD, *chunks, END])


@pytest.mark.parametrize(
    ("kind", "head", "is_packed"),
    [
        (b"tEXt", b"", False),
        (b"zTXt", b"\0", True),
        (b"iTXt", b"\0\0en\0Charakter\0", False),
        (b"iTXt", b"\1\0\0\0", True),
    ],
)
def test_every_kind_of_text_chunk_is_read(kind, head, is_packed):
    said = packed(ADA)

    content = b"Chara\0" + head + (zlib.compress(said) if is_packed else said)

    assert read_card(picture(Chunk(kind, content))) == ADA


@pytest.mark.parametrize("n_blanks", [0, 1, 2])
def test_base64_may_lack_its_padding(n_blanks):
    said = base64.b64encode(write_card(ADA, CardVersion.V2) + b" " * n_blanks).rstrip(b"=")

    assert read_card(picture(Chunk(b"tEXt", b"chara\0" + said))) == ADA


def test_v3_is_preferred():
    chunks = [
        Chunk(b"tEXt", b"chara\0" + packed(BO)),
        Chunk(b"tEXt", b"ccv3\0" + packed(ADA, CardVersion.V3)),
    ]

    assert read_card(picture(*chunks)).name == "Ada"


def test_character_is_put_into_a_picture_and_its_other_chunks_stay():
    buffer = io.BytesIO()
    Image.new("RGB", (3, 2), (1, 2, 3)).save(buffer, "PNG", dpi=(72, 72))
    photo = buffer.getvalue()
    other = Chunk(b"tEXt", b"Comment\0mine")
    *chunks, end = read_chunks(photo)

    first = write_png(BO, write_chunks([*chunks, other, end]))
    second = write_png(ADA, first)

    assert [chunk for chunk in read_chunks(second) if chunk.content[:5] not in (b"chara", b"ccv3\0")] == [
        *chunks,
        other,
        end,
    ]
    assert Image.open(io.BytesIO(second)).getpixel((0, 0)) == (1, 2, 3)
    assert read_card(second) == ADA
    assert second.count(b"chara\0") == second.count(b"ccv3\0") == 1


def test_both_chunks_hold_the_specifications_versions():
    chunks = {chunk.content.partition(b"\0")[0]: chunk.content for chunk in read_chunks(write_png(ADA))}

    specs = [
        json.loads(base64.b64decode(chunks[word].partition(b"\0")[2]))["spec"] for word in (b"chara", b"ccv3")
    ]

    assert specs == ["chara_card_v2", "chara_card_v3"]


def test_plain_picture_is_made_where_there_is_none():
    made = write_png(ADA)

    with Image.open(io.BytesIO(made)) as image:
        image.load()
        assert image.size == (256, 384)
        assert json.loads(base64.b64decode(image.text["chara"]))["data"]["name"] == "Ada"


def damaged(at, octet):
    content = bytearray(write_png(ADA))
    content[at] = octet
    return bytes(content)


BOMB = zlib.compress(b"a" * 50_000_000, 9)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (picture(), "the picture holds no character card: it has neither a `ccv3` nor a `chara` chunk"),
        (SIGNATURE, "the picture is cut off: chunk 1 of it is not whole"),
        (write_png(ADA)[:-20], "the picture is cut off: chunk 4 (tEXt) claims"),
        (
            SIGNATURE + b"\xff\xff\xff\xffIHDR" + bytes(99),
            "the picture is cut off: chunk 1 (IHDR) claims 4294967295",
        ),
        (damaged(20, 99), "the picture is damaged: the CRC of chunk 1 (IHDR) is wrong"),
        (damaged(12, 0), "the picture is damaged: chunk 1 has no type"),
        (write_chunks([END]), "the picture does not begin with an IHDR chunk"),
        (picture(*[Chunk(b"tEXt", b"a\0b")] * 20_000), "the picture has more than 20000 chunks"),
        (write_png(ADA) + bytes(21 * 2**20), "the picture is larger than 20971520 bytes"),
        (
            picture(Chunk(b"zTXt", b"chara\0\0" + BOMB)),
            "the zTXt chunk `chara` holds more than 6291456 bytes",
        ),
        (
            picture(Chunk(b"iTXt", b"ccv3\0\1\0\0\0" + BOMB)),
            "the iTXt chunk `ccv3` holds more than 6291456 bytes",
        ),
        (
            picture(Chunk(b"tEXt", b"ccv3\0" + bytes(7 * 2**20))),
            "the tEXt chunk `ccv3` holds more than 6291456",
        ),
        (picture(Chunk(b"zTXt", b"chara\0\0" + BOMB[:100])), "the zTXt chunk `chara` is cut off"),
        (picture(Chunk(b"zTXt", b"chara\0\0junk")), "the zTXt chunk `chara` cannot be unpacked"),
        (picture(Chunk(b"zTXt", b"chara\0\7junk")), "the zTXt chunk `chara` is packed in an unknown way"),
        (picture(Chunk(b"tEXt", b"chara\0%%%")), "the chunk `chara` holds no base64"),
        (picture(Chunk(b"tEXt", b"chara\0")), "the chunk `chara`: the JSON cannot be read"),
        (
            picture(Chunk(b"tEXt", b"ccv3\0" + base64.b64encode(b"[]"))),
            "the chunk `ccv3`: the JSON holds no object",
        ),
    ],
    ids=range(18),
)
def test_hostile_picture_is_refused_in_a_sentence(content, said):
    with pytest.raises(CharacterFileError) as caught:
        read_card(content)

    assert said in caught.value.message


def test_only_a_png_takes_a_character():
    with pytest.raises(CharacterFileError, match="the picture is no PNG file"):
        write_png(ADA, b"\xff\xd8\xff")


def test_character_that_is_too_large_is_not_written():
    with pytest.raises(CharacterFileError, match="takes more than 4194304 bytes of JSON"):
        write_png(Persona(name="A", description="x" * 4_200_000))
