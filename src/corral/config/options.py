"""The one table of options, and how to find a row in it.

The command line, the environment, the YAML file, the usage text and the reference page all read this table.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from corral.config.option import Option
from corral.config.rows import (
    absent,
    characters,
    chat,
    control_vector,
    cpu,
    device,
    drafts,
    embedding,
    engine,
    general,
    http,
    install,
    media,
    memory,
    model,
    models,
    remote,
    rope,
    sampling,
    server,
    standing,
    structure,
    text,
    tiers,
)

# The names are llama-server's headings.
TABLE: Mapping[str, tuple[Option, ...]] = {
    "common": (
        *general.ROWS,
        *model.ROWS,
        *media.MODEL_ROWS,
        *engine.ROWS,
        *tiers.ROWS,
        *cpu.ROWS,
        *device.ROWS,
        *memory.ROWS,
        *rope.ROWS,
        *drafts.ROWS,
        *control_vector.ROWS,
        *standing.ROWS,
        *text.ROWS,
    ),
    "sampling": (*sampling.ROWS, *structure.ROWS),
    "example-specific": (
        *server.ROWS,
        *http.ROWS,
        *models.ROWS,
        *characters.ROWS,
        *remote.ROWS,
        *install.ROWS,
        *media.SERVER_ROWS,
        *chat.ROWS,
        *embedding.ROWS,
        *absent.ROWS,
    ),
}
OPTIONS = tuple(option for options in TABLE.values() for option in options)


@dataclass(frozen=True)
class Spelling:
    """One way to write an option. `is_on` False: it switches off."""

    option: Option
    is_on: bool

    def word(self, word: str) -> str:
        """Return the text of a switch: `word`, turned round for a spelling that switches off."""
        if self.is_on:
            return word
        return "off" if self.option.kind.read(word) else "on"


FLAGS = {flag: Spelling(option, is_on) for option in OPTIONS for flag, is_on in option.spellings.items()}
KEYS = {flag[2:]: spelling for flag, spelling in FLAGS.items() if flag.startswith("--")}
VARIABLES = {name for option in OPTIONS for name in option.variables}


def nearest(word: str, known: Iterable[str]) -> str:
    """Return a question that names the most similar known word, empty when none is."""
    matches = difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.7)
    return f"did you mean {matches[0]}?" if matches else ""
