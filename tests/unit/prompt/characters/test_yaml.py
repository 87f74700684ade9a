"""Corral's own character files."""

from pathlib import Path

import pytest

from corral.core.errors import CharacterFileError
from corral.prompt.characters.file import read_character
from corral.prompt.characters.yaml import read_yaml, write_yaml
from corral.prompt.lorebook.book import Lorebook, LoreEntry, Place
from corral.prompt.persona import Credits, Persona, PersonaSampling, Speaker, Turn

EXAMPLE = Path(__file__).parents[4] / "examples" / "characters" / "mira.yaml"

WHOLE = b"""
name: Ada
nickname: A.
description: |
  Counts.
  Sings.
personality: exact
scenario: London
system: ""
after_history: In verse.
greeting: Good day.
greetings: [Hm?, 12]
examples:
  - - user: "2+2?"
    - character: 4
  - - system: It rains.
emotions: [yes, no, null]
sampling: {temperature: 0.5, top_k: 7}
stop: ["\\n{{user}}:"]
user_name: Bo
prefixes: {user: "Q: ", character: "A: "}
credits: {creator: cb, version: 1.10, tags: [x]}
lorebook:
  recursive: true
  token_budget: 99
  entries:
    - keys: [sea]
      content: Blue.
      place: depth
      depth: 2
      probability: 30
      constant: true
      regex: false
      id: 9
extensions: {other: {a: 1, b: "1", c: 1.5, d: true, e: null, f: 2024-01-01}}
"""


def test_every_key_is_read():
    assert read_yaml(WHOLE) == Persona(
        name="Ada",
        nickname="A.",
        description="Counts.\nSings.\n",
        personality="exact",
        scenario="London",
        system="",
        after_history="In verse.",
        greetings=("Good day.", "Hm?", "12"),
        examples=(
            (Turn(Speaker.USER, "2+2?"), Turn(Speaker.CHARACTER, "4")),
            (Turn(Speaker.SYSTEM, "It rains."),),
        ),
        emotions=("yes", "no", "null"),
        sampling=PersonaSampling(temperature=0.5, top_k=7),
        stop=("\n{{user}}:",),
        user_name="Bo",
        user_prefix="Q: ",
        character_prefix="A: ",
        credits=Credits(creator="cb", version="1.10", tags=("x",)),
        lorebook=Lorebook(
            is_recursive=True,
            token_budget=99,
            entries=(
                LoreEntry(
                    content="Blue.",
                    keys=("sea",),
                    place=Place.DEPTH,
                    depth=2,
                    probability=30,
                    is_constant=True,
                    id=9,
                ),
            ),
        ),
        extensions={"other": {"a": 1, "b": "1", "c": 1.5, "d": True, "e": None, "f": "2024-01-01"}},
    )


def test_persona_is_written_with_long_texts_in_blocks():
    persona = Persona(name="Ada", description="Counts.\nSings.\n", greetings=("Hm?",), lorebook=Lorebook())

    content = write_yaml(persona)

    assert content == b"name: Ada\ndescription: |\n  Counts.\n  Sings.\ngreeting: Hm?\nlorebook: {}\n"
    assert read_yaml(content) == persona


def test_keys_without_a_value_are_as_if_they_were_not_there():
    assert read_yaml(b"name: Ada\ndescription:\nsystem: ~\nsampling: {top_k: null}\n") == Persona(name="Ada")


def test_aliases_may_be_used():
    persona = read_yaml(b"name: Ada\ndescription: &text Counts.\npersonality: *text\n")

    assert persona.personality == "Counts."


def test_shipped_example_is_a_whole_character():
    mira = read_character(EXAMPLE.read_bytes(), "mira.yaml")

    assert mira.name == "Mira"
    assert mira.greeting
    assert len(mira.emotions) > 1
    assert len(mira.examples) == 2
    assert len(mira.lorebook.entries) == 3
    assert read_yaml(write_yaml(mira)) == mira


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the file holds 0 YAML documents; one was expected"),
        (b"words", "the file holds no character: `name: ...` and further lines were expected"),
        (b"description: x", "the file: object missing required field name"),
        (b"name: x\ndescripton: y", "unknown key 'descripton'; did you mean description?"),
        (
            b"name: x\nsampling: {temprature: 1}",
            "sampling: unknown key 'temprature'; did you mean temperature?",
        ),
        (
            b"name: x\nlorebook: {entries: [{content: x}, {contents: x, content: y}]}",
            "lorebook.entries[1]: unknown key 'contents'; did you mean content?",
        ),
        (b"name: x\nprefixes: {xyz: 1}", "prefixes: unknown key 'xyz'; known are user, character"),
        (b"name: x\nexamples: [[{bot: hi}]]", "examples[0][0]: unknown key 'bot'; known are"),
        (
            b"name: x\nexamples: [[{user: a, character: b}]]",
            "examples[0][0]: expected one of user, character, system",
        ),
        (b"name: x\nsampling: {temperature: hot}", "sampling.temperature: expected float, got str"),
        (b"name: x\nsampling: {temperature: nan}", "sampling.temperature: expected 0 to 100, got nan"),
        (b"name: x\nemotions: happy", "emotions: expected array, got str"),
        (b"name: x\nemotions: [" + b"a, " * 257 + b"]", "emotions: more than 256 entries"),
        (b"name: x\nemotions: [a, " + b"b" * 65 + b"]", "emotions[1]: expected at most 64 characters"),
        (
            b"name: x\nlorebook: {entries: [{content: x, place: moon}]}",
            "lorebook.entries[0].place: invalid enum value",
        ),
        (b"name: x\nname: y", "line 2: the key 'name' stands twice"),
        (b"name: [", "the YAML cannot be read: line 2: "),
        (b"a: 1\n---\nb: 2", "the file holds 2 YAML documents; one was expected"),
        (
            b"name: !!python/object/apply:os.system [true]",
            "line 1: tags as 'tag:yaml.org,2002:python/object/app",
        ),
        (b"name: &a [*a]", "line 1: the alias *a names nothing that stands before it"),
        (b"[a]: b", "line 1: a key must be a word"),
        (b"\xff\xfe", "the file is neither a picture nor text in UTF-8"),
        (b"name: \x00", "the YAML cannot be read: it holds characters that YAML does not allow"),
        (b"name: x\nstop: " + b"[" * 100_000, "the file is nested deeper than 72 levels"),
        (b"name: " + b"x" * 2**22, "the YAML is larger than 4194304 bytes"),
    ],
)
def test_wrong_file_is_refused_in_a_sentence(content, said):
    with pytest.raises(CharacterFileError) as caught:
        read_yaml(content)

    assert caught.value.message.startswith(said)


def test_aliases_that_multiply_are_refused():
    lines = ["a0: &a0 [x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]

    with pytest.raises(CharacterFileError, match="more than 500000 values"):
        read_yaml("\n".join(lines).encode())


def test_character_that_is_too_large_is_not_written():
    with pytest.raises(CharacterFileError, match="takes more than 4194304 bytes of YAML"):
        write_yaml(Persona(name="A", description="x" * 2**22))


@pytest.mark.parametrize(
    ("line", "n"), [("scenario: {{user}} knocks", 2), ("greetings:\n- Hm?\n- {{char}} is here", 4)]
)
def test_a_placeholder_at_the_beginning_of_a_text_is_told_to_need_quotes(line, n):
    sentence = (
        f'a.yaml: line {n}: .*a text that begins with a brace has to be quoted, as "{{{{user}}}} knocks"'
    )
    with pytest.raises(CharacterFileError, match=sentence):
        read_character(f"name: A\n{line}\n".encode(), "a.yaml")
