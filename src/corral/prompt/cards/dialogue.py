"""The example dialogues of a card: blocks after `<START>`, lines that begin with who speaks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from corral.prompt.persona import Speaker, Turn

_START = re.compile(r"^[ \t]*<START>[ \t]*$", re.IGNORECASE | re.MULTILINE)
_MARKS = {
    "{{user}}": Speaker.USER,
    "<user>": Speaker.USER,
    "{{char}}": Speaker.CHARACTER,
    "<bot>": Speaker.CHARACTER,
    "<char>": Speaker.CHARACTER,
}
_WRITTEN = {Speaker.USER: "{{user}}: ", Speaker.CHARACTER: "{{char}}: ", Speaker.SYSTEM: ""}

Examples = tuple[tuple[Turn, ...], ...]


def read_examples(text: str, names: Iterable[str]) -> Examples:
    """Return the dialogues of `mes_example`; a character may speak under one of its `names` as well.

    What stands before the first who speaks is told by nobody: a turn of the system.
    """
    marks = {name.lower(): Speaker.CHARACTER for name in names if name} | _MARKS
    blocks = (tuple(_turns(block, marks)) for block in _START.split(text.replace("\r\n", "\n")))
    return tuple(block for block in blocks if block)


def write_examples(examples: Examples) -> str:
    """Return the text for `mes_example`."""
    blocks = ("\n".join(["<START>", *map(_line, block)]) for block in examples)
    return "\n".join(blocks)


def _line(turn: Turn) -> str:
    return _WRITTEN[turn.speaker] + turn.text


def _turns(block: str, marks: dict[str, Speaker]) -> Iterator[Turn]:
    speaker = Speaker.SYSTEM
    lines: list[str] = []
    for line in block.split("\n"):
        mark, colon, said = line.partition(":")
        found = marks.get(mark.strip().lower()) if colon else None
        if found is None:
            lines.append(line)
            continue
        yield from _turn(speaker, lines)
        speaker, lines = found, [said]
    yield from _turn(speaker, lines)


def _turn(speaker: Speaker, lines: list[str]) -> Iterator[Turn]:
    text = "\n".join(lines).strip()
    if text or speaker is not Speaker.SYSTEM:
        yield Turn(speaker, text)
