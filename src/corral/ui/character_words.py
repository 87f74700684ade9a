"""What the page says of characters. Pure."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Mapping

from corral.prompt.characters.placeholders import expand
from corral.prompt.characters.speaking import scene_of
from corral.prompt.persona import Persona

NOBODY = "No character"
NOBODY_CAPTION = "The model answers as itself."
MAX_CAPTION = 160  # characters: a description may be pages long
_N_READ = 8 * MAX_CAPTION  # of it


def caption(persona: Persona) -> str:
    """Return what helps to choose: how its description begins."""
    said = expand(persona.description[:_N_READ], scene_of(persona, None), "description")
    return textwrap.shorten(said, MAX_CAPTION, placeholder=" …")


def titles(personas: Mapping[str, Persona]) -> dict[str, str]:
    """Return what each is called in a list: its own name, and where others share that, its file's too."""
    n_of = Counter(persona.name for persona in personas.values())
    return {
        name: persona.name if n_of[persona.name] == 1 else f"{persona.name} ({name})"
        for name, persona in personas.items()
    }


def gone(title: str) -> str:
    """Return that a character which was chosen is not there."""
    return f"The character {title} is no longer here. Choose another one, or none, beside the model."


def gone_before(name: str) -> str:
    """Return that a character which was chosen on an earlier visit is not there."""
    return f"The character {name} is no longer here. The model answers as itself."
