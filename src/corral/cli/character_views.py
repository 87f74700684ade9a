"""Characters as a terminal shows them."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from rich.table import Table
from rich.text import Text

from corral.catalog.character_folder import Kept
from corral.cli.words import plain
from corral.prompt.lorebook.book import Lorebook, LoreEntry
from corral.prompt.lorebook.lore import Lore
from corral.prompt.persona import Persona, Turn

_MAX_LINE = 60


def characters_table(files: Iterable[tuple[str, Kept[Persona]]]) -> Table:
    """Return the table of all characters that can be read."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("NAME", "CALLED", "FILE", "EMOTIONS", "LORE", "DESCRIPTION"):
        is_count = column in ("EMOTIONS", "LORE")
        table.add_column(column, justify="right" if is_count else "left", no_wrap=column != "DESCRIPTION")
    for name, kept in files:
        persona = kept.content
        assert persona is not None, "only who can be read is listed"
        lore = len(persona.lorebook.entries) if persona.lorebook is not None else 0
        cells = (
            name,
            persona.name,
            kept.path.name,
            _n(len(persona.emotions)),
            _n(lore),
            _first_line(persona),
        )
        table.add_row(*(Text(plain(cell)) for cell in cells))
    return table


def character_facts(name: str, kept: Kept[Persona], persona: Persona) -> list[tuple[str, str]]:
    """Return all that is known of a character, in words."""
    sampling = msgspec.structs.asdict(persona.sampling)
    liked = ", ".join(f"{key} {value:g}" for key, value in sampling.items() if value is not None)
    lore = persona.lorebook.entries if persona.lorebook is not None else ()
    return [
        ("name", name),
        ("called", persona.name if persona.name != name else ""),
        ("nickname", persona.nickname),
        ("file", str(kept.path)),
        ("problem", kept.complaint or ""),
        *(("problem", each) for each in Lore(persona.lorebook or Lorebook(), ()).complaints),
        ("creator", persona.credits.creator),
        ("version", persona.credits.version),
        ("tags", ", ".join(persona.credits.tags)),
        ("notes", persona.credits.notes),
        ("system", (persona.system or "").strip()),
        ("description", persona.description.strip()),
        ("personality", persona.personality.strip()),
        ("scenario", persona.scenario.strip()),
        *(("greeting" if n == 0 else "or", greeting.strip()) for n, greeting in enumerate(persona.greetings)),
        *(("example", _dialogue(example)) for example in persona.examples),
        ("after history", persona.after_history.strip()),
        ("emotions", ", ".join(persona.emotions)),
        ("sampling", liked),
        ("stop", ", ".join(map(repr, persona.stop))),
        ("user", persona.user_name),
        *(("lore", _lore(entry)) for entry in lore),
    ]


def _n(number: int) -> str:
    return str(number) if number else ""


def _first_line(persona: Persona) -> str:
    line = next(iter((persona.description or persona.personality).strip().splitlines()), "")
    return line if len(line) <= _MAX_LINE else line[: _MAX_LINE - 1] + "…"


def _dialogue(turns: Iterable[Turn]) -> str:
    return "\n".join(f"{turn.speaker.value}: {turn.text.strip()}" for turn in turns)


def _lore(entry: LoreEntry) -> str:
    keys = "always" if entry.is_constant else ", ".join(entry.keys)
    return f"[{keys}] {entry.content.strip()}" + ("" if entry.is_enabled else " (switched off)")
