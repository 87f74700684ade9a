"""`model@character` in the place of a model's name: who speaks, and through which model."""

from __future__ import annotations

import msgspec

from corral.api.ports import CharactersPort, ModelsPort
from corral.core.errors import NotFoundError
from corral.prompt.persona import Persona

SEPARATOR = "@"


class Voice(msgspec.Struct, frozen=True):
    """`model` None: the default model. `persona` None: the model speaks as itself."""

    model: str | None
    persona: Persona | None = None


async def voice_of(name: str | None, models: ModelsPort, characters: CharactersPort) -> Voice:
    """Return what `name` means: a model of just this name, else a model and a character behind the last "@".

    What stands before it may be empty, for the default model. Where there are no characters, a name with "@"
    in it is taken for a model's, known or not; one that begins with it is nobody's. Raises NotFoundError for
    a part that does not exist.
    """
    if not name or SEPARATOR not in name or _is_model(name, models):
        return Voice(name or None)
    await characters.refresh()
    has_characters = characters.names() or characters.complaints()
    if not has_characters and not name.startswith(SEPARATOR):
        return Voice(name)
    model, _, character = name.rpartition(SEPARATOR)
    models.definition(model or None)  # who misspelled it is told the models, not the characters
    return Voice(model or None, characters.find(character))


def _is_model(name: str, models: ModelsPort) -> bool:
    """Tell whether a model is called so, also where every name would do."""
    try:
        found = models.view(name)
    except NotFoundError:
        return False
    return not models.is_single or name in (found.name, *found.aliases)
