"""The pages about characters: their files are read, their commands and requests run, no key is missing."""

import json
import re
import shlex
from pathlib import Path

import msgspec
import pytest

from corral.catalog.character_folder import CharacterFolder
from corral.cli.characters import main
from corral.prompt.cards.picture import write_png
from corral.prompt.characters.file import read_character
from corral.prompt.characters.yaml_fields import (
    BookRecord,
    CharacterRecord,
    CreditsRecord,
    EntryRecord,
    PrefixesRecord,
    SamplingRecord,
    TurnRecord,
)
from corral.prompt.lorebook.book import Place
from tests.contract.conftest import PLAIN, Client, FakeDoor
from tests.fake_characters import FakeCharacters

DOCS = Path(__file__).parents[2] / "docs"
HOW_TO = (DOCS / "how-to" / "characters.md").read_text(encoding="utf-8")
REFERENCE = (DOCS / "reference" / "character-file.md").read_text(encoding="utf-8")
RECORDS = (
    CharacterRecord,
    TurnRecord,
    SamplingRecord,
    PrefixesRecord,
    CreditsRecord,
    BookRecord,
    EntryRecord,
)
FILES = re.findall(r"```yaml\n(.*?)```", HOW_TO + REFERENCE, re.DOTALL)
COMMANDS = re.findall(r"^corral characters.*?(?=\s*(?:#|$))", HOW_TO, re.MULTILINE)
REQUESTS = re.findall(r"^curl http://127\.0\.0\.1:8080(\S+) -d '(.*?)'$", HOW_TO, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("text", FILES)
def test_every_file_is_read(text):
    assert read_character(text.encode(), "page").name == "Mira"


@pytest.mark.parametrize("record", RECORDS)
def test_the_reference_tells_every_key(record):
    assert [key for key in record.__struct_fields__ if f"`{key}`" not in REFERENCE] == []


def test_the_reference_tells_every_place():
    assert [place.value for place in Place if f"`{place.value}`" not in REFERENCE] == []


def test_the_folder_of_examples_that_the_page_names_can_be_served():
    (named,) = re.findall(r"`corral serve --characters-dir (\S+)`", HOW_TO)
    folder = CharacterFolder(DOCS.parent / named, read_character)

    folder.look()

    assert (folder.names(), folder.complaints()) == (["mira"], {})


def test_the_commands_run_one_after_another(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CORRAL_CHARACTERS_DIR", raising=False)
    picture = write_png(read_character(FILES[0].encode(), "page"))
    for name in ("card.png", "portrait.png"):
        (tmp_path / name).write_bytes(picture)

    statuses = [main(shlex.split(command)[2:]) for command in COMMANDS]

    assert statuses == [0] * 8, capsys.readouterr().err
    assert sorted(path.name for path in (tmp_path / "characters").iterdir()) == [
        "keeper.yaml",
        "keeper2.png",
        "mira.yaml",
    ]


@pytest.mark.parametrize(("path", "body"), REQUESTS)
def test_the_requests_are_answered(path, body):
    door = FakeDoor()
    door.model_facts = msgspec.structs.replace(door.model_facts, chat_template=PLAIN)
    door.likely = "sad"
    client = Client(door, characters=FakeCharacters(read_character(FILES[0].encode(), "page")))

    reply = client.post(path, json.loads(body))

    assert reply.status_code == 200, reply.text
    if path == "/chat":
        assert reply.json()["emotion"] == "sad"


def test_both_requests_were_found():
    assert [path for path, _ in REQUESTS] == ["/chat", "/v1/chat/completions"]
