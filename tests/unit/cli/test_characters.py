"""`corral characters`: the folder's characters, taken over, handed on and begun, without a server."""

import json

import pytest

from corral.cli.character_starter import starter
from corral.cli.characters import main
from corral.prompt.cards.card import read_card, write_card
from corral.prompt.cards.document import CardVersion
from corral.prompt.cards.picture import write_png
from corral.prompt.characters.file import read_character
from corral.prompt.characters.yaml import read_yaml, write_yaml
from corral.prompt.lorebook.book import Lorebook, LoreEntry
from corral.prompt.persona import Credits, Persona, PersonaSampling, Speaker, Turn

MIRA = Persona(
    name="Mira",
    description="Keeps the lighthouse.\nSince spring.",
    greetings=("The lamp is lit.", "You again."),
    examples=((Turn(Speaker.USER, "Alone?"), Turn(Speaker.CHARACTER, "Never.")),),
    emotions=("calm", "sad"),
    stop=("THE END",),
    sampling=PersonaSampling(temperature=0.5),
    lorebook=Lorebook(entries=(LoreEntry(content="A ship was lost.", keys=("storm", "reef")),)),
    credits=Credits(creator="somebody", tags=("sea",)),
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The working directory's `characters`, with Mira in it and a file that is broken."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CORRAL_CHARACTERS_DIR", raising=False)
    made = tmp_path / "characters"
    made.mkdir()
    (made / "mira.yaml").write_bytes(write_yaml(MIRA))
    (made / "bo.yaml").write_text("nome: Bo\n")
    return made


@pytest.fixture
def card(tmp_path):
    """A card in a picture, outside of the folder."""
    path = tmp_path / "downloaded card.png"
    path.write_bytes(write_png(MIRA))
    return path


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("words", [[], ["list"]])
def test_the_characters_stand_in_a_table_and_what_is_wrong_below(capsys, words):
    assert main(words) == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["NAME", "CALLED", "FILE", "EMOTIONS", "LORE", "DESCRIPTION"]
    assert lines[1].split(maxsplit=5) == ["mira", "Mira", "mira.yaml", "2", "1", "Keeps the lighthouse."]
    assert lines[3].startswith("bo.yaml: ")
    assert "nome" in lines[3]


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("words", [["--json"], ["list", "--json"], ["--json", "list"]])
def test_the_list_is_one_document_for_programs(capsys, words):
    assert main(words) == 0

    document = json.loads(capsys.readouterr().out)
    assert [(one["name"], one["persona"]["emotions"]) for one in document["characters"]] == [
        ("mira", ["calm", "sad"])
    ]
    assert list(document["complaints"]) == ["bo.yaml"]


def test_a_folder_that_is_not_there_is_an_error(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    for words in ([], ["show", "mira"], ["list", "--characters-dir", "nowhere"]):
        assert main(words) == 1
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith("error: There is no folder")


def test_an_empty_folder_is_none(tmp_path, capsys):
    assert main(["--characters-dir", str(tmp_path)]) == 0

    out, err = capsys.readouterr()
    assert (out, err) == ("", f"There are no characters in {tmp_path}.\n")


def test_the_environment_names_the_folder_as_it_does_for_the_server(folder, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("CORRAL_CHARACTERS_DIR", str(folder.rename(tmp_path / "cast")))

    assert main([]) == 0
    assert "mira.yaml" in capsys.readouterr().out


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("name", ["mira", "Mira"])
def test_show_tells_everything(capsys, name):
    assert main(["show", name]) == 0

    out = capsys.readouterr().out
    for text in (
        "lighthouse",
        "The lamp is lit.",
        "You again.",
        "character: Never.",
        "temperature 0.5",
        "calm, sad",
        "THE END",
        "[storm, reef] A ship was lost.",
        "somebody",
    ):
        assert text in out


def test_show_tells_of_keys_that_cannot_be_looked_for(folder, capsys):
    (folder / "zed.yaml").write_text(
        "name: Zed\nlorebook:\n  entries: [{content: x, keys: ['(a'], regex: true}]\n"
    )

    assert main(["show", "zed"]) == 0
    assert "problem  Lore entry 'x'" in capsys.readouterr().out


@pytest.mark.usefixtures("folder")
def test_show_is_one_document_for_programs(capsys):
    assert main(["show", "mira", "--json"]) == 0

    assert json.loads(capsys.readouterr().out)["persona"]["greetings"] == list(MIRA.greetings)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["show", "none"], "there are mira"),
        (["show", "bo"], "'bo' cannot be read"),
        (["export", "none", "--to", "x.json"], "there are mira"),
        (["export", "mira", "--to", "x.txt"], ".json, .png and .yaml"),
        (["export", "mira", "--to", "x.png", "--spec", "v3"], "--spec is for .json"),
        (["export", "mira", "--to", "x.json", "--picture", "p.png"], "--picture is for .png"),
        (["export", "mira", "--to", "x.png", "--picture", "none.png"], "none.png cannot be read"),
        (["export", "mira", "--to", "no/such/x.json"], "cannot be written"),
        (["import", "none.png"], "none.png cannot be read"),
        (["import", "characters/bo.yaml"], "bo.yaml: unknown key"),
        (["import", "characters/mira.yaml"], "--force"),
        (["new", "mira"], "--force"),
        (["new", "../mira"], "may not stand in the name"),
        (["new", "tiny@mira"], "may not stand in the name"),
        (["new", ".mira"], "begins with no dot"),
        (["new", " "], "begins with no dot"),
        (["new", "ü" * 101], "the name is too long"),
        (["export", "mira", "--to", "x" * 300 + ".json"], "cannot be written: File name too long"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(capsys, words, said):
    assert main(words) == 1

    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: ")
    assert said in err


def test_a_card_is_taken_over_as_yaml(folder, card, capsys):
    assert main(["import", str(card), "--name", "keeper"]) == 0

    assert capsys.readouterr().out == "wrote characters/keeper.yaml\n"
    found = read_yaml((folder / "keeper.yaml").read_bytes())
    assert (found.name, found.greetings, found.lorebook.entries[0].keys) == (
        "Mira",
        MIRA.greetings,
        ("storm", "reef"),
    )


def test_a_card_is_called_as_its_file_unless_a_name_is_given(folder, card):
    assert main(["import", str(card)]) == 0
    assert (folder / "downloaded card.yaml").exists()


def test_a_picture_may_be_kept_as_it_is(folder, card):
    assert main(["import", str(card), "--as-is", "--name", "keeper"]) == 0

    assert (folder / "keeper.png").read_bytes() == card.read_bytes()


def test_a_file_without_an_ending_cannot_be_kept_as_it_is(folder, card, capsys):
    bare = card.rename(card.with_name("bare"))

    assert main(["import", str(bare), "--as-is"]) == 1
    assert ".png" in capsys.readouterr().err
    assert not (folder / "bare").exists()


def test_nothing_is_written_over_unless_it_is_forced(folder, card):
    before = (folder / "mira.yaml").read_bytes()

    assert main(["import", str(card), "--name", "mira"]) == 1
    assert (folder / "mira.yaml").read_bytes() == before
    assert main(["import", str(card), "--name", "mira", "--force"]) == 0
    assert read_yaml((folder / "mira.yaml").read_bytes()).name == "Mira"


def test_a_file_of_another_kind_would_hide_the_new_one_and_is_told(folder, card, capsys):
    assert main(["import", str(card), "--name", "mira", "--as-is", "--force"]) == 1

    assert "mira.yaml is there already" in capsys.readouterr().err
    assert not (folder / "mira.png").exists()


def test_a_new_character_beside_a_picture_of_its_name_is_told_what_can_be_done(folder, card, capsys):
    card.rename(folder / "keeper.png")

    assert main(["new", "keeper"]) == 1
    said = "error: characters/keeper.png is there already; remove it, or choose another name.\n"
    assert capsys.readouterr().err == said


@pytest.mark.parametrize("spec", ["v1", "v2", "v3"])
def test_a_character_is_handed_on_as_a_card(folder, tmp_path, spec):
    target = tmp_path / "out.json"

    assert main(["export", "mira", "--to", str(target), "--spec", spec]) == 0

    assert target.read_bytes() == write_card(
        read_character((folder / "mira.yaml").read_bytes(), "mira"), CardVersion(int(spec[1]))
    )
    assert read_card(target.read_bytes()).name == "Mira"


@pytest.mark.usefixtures("folder")
def test_without_a_spec_it_is_the_one_that_most_programs_read(tmp_path):
    assert main(["export", "mira", "--to", str(tmp_path / "out.json")]) == 0
    assert json.loads((tmp_path / "out.json").read_text())["spec"] == "chara_card_v2"


@pytest.mark.usefixtures("folder")
def test_a_character_is_handed_on_in_a_picture(tmp_path, card):
    plain, framed = tmp_path / "plain.png", tmp_path / "framed.png"

    assert main(["export", "mira", "--to", str(plain)]) == 0
    assert main(["export", "mira", "--to", str(framed), "--picture", str(card)]) == 0

    assert {read_card(path.read_bytes()).emotions for path in (plain, framed)} == {("calm", "sad")}


def test_a_character_in_a_picture_keeps_it(folder, tmp_path, card):
    (folder / "keeper.png").write_bytes(card.read_bytes())

    assert main(["export", "keeper", "--to", str(tmp_path / "out.png")]) == 0
    assert read_card((tmp_path / "out.png").read_bytes()).name == "Mira"


@pytest.mark.usefixtures("folder")
def test_a_character_is_handed_on_as_yaml_and_read_again(tmp_path):
    assert main(["export", "mira", "--to", str(tmp_path / "out.yaml")]) == 0
    assert read_yaml((tmp_path / "out.yaml").read_bytes()) == MIRA


@pytest.mark.usefixtures("folder")
def test_an_export_writes_over_nothing_unless_it_is_forced(tmp_path):
    target = tmp_path / "out.json"
    target.write_text("mine")

    assert main(["export", "mira", "--to", str(target)]) == 1
    assert target.read_text() == "mine"
    assert main(["export", "mira", "--to", str(target), "--force"]) == 0
    assert read_card(target.read_bytes()).name == "Mira"


def test_a_new_character_makes_its_folder_and_can_be_talked_to_at_once(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    assert main(["new", "Zoë"]) == 0
    assert capsys.readouterr().out == "wrote characters/Zoë.yaml\n"

    assert main(["show", "Zoë", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)["persona"]
    assert shown["name"] == "Zoë"
    assert "happy" in shown["emotions"]


@pytest.mark.parametrize("name", ["mira", "Zoë", "yes", "12", "a: b", "it's", "#x", "NAME", "{{char}}"])
def test_whatever_it_is_called_the_beginning_is_a_good_file(name):
    assert read_character(starter(name), "new").name == name


def test_what_is_written_is_said_to_programs_as_json(tmp_path, capsys):
    assert main(["new", "mira", "--json", "--characters-dir", str(tmp_path / "cast")]) == 0

    assert json.loads(capsys.readouterr().out) == {
        "name": "mira",
        "file": str(tmp_path / "cast" / "mira.yaml"),
    }
