"""The server's folder of characters, and who reads its files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from corral.catalog.character_folder import CharacterFolder

if TYPE_CHECKING:
    from corral.core.settings import CharacterSettings
    from corral.prompt.persona import Persona

CHARACTERS_DIR = Path("characters")


def characters_dir(settings: CharacterSettings) -> Path:
    """Return the folder that is named, else `characters/`, which need not be there."""
    return CHARACTERS_DIR if settings.dir is None else Path(settings.dir)


def character_folder(settings: CharacterSettings) -> CharacterFolder[Persona]:
    """Return the folder's characters, not looked at yet. The usual folder may come later."""
    return CharacterFolder(characters_dir(settings), read_character, is_optional=settings.dir is None)


def read_character(content: bytes, name: str) -> Persona:
    """Return who is in a file called `name`, of whatever kind. Raises CharacterFileError."""
    from corral.prompt.characters import file  # noqa: PLC0415 - few servers have characters

    return file.read_character(content, name)
