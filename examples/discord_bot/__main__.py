"""`python -m discord_bot`: read the settings, run until stopped."""

from __future__ import annotations

import os
import sys

from .character import Character, CharacterFileError, read_character
from .settings import Settings, SettingsError, read_settings


def main() -> int:
    """Run the bot; return the exit status."""
    try:
        settings = read_settings(os.environ)
        character = _character_of(settings)
        _run(character, settings)
    except (SettingsError, CharacterFileError, OSError) as error:
        print(f"discord_bot: {error}", file=sys.stderr)  # noqa: T201 (there is no log yet)
        return 1
    return 0


def _character_of(settings: Settings) -> Character:
    try:
        return read_character(settings.character_path.read_text(encoding="utf-8"))
    except (CharacterFileError, UnicodeDecodeError) as error:
        raise CharacterFileError(f"{settings.character_path}: {error}") from error


def _run(character: Character, settings: Settings) -> None:
    try:
        from . import bot  # noqa: PLC0415 (what can be said without discord.py is said without it)
    except ModuleNotFoundError as error:
        raise SettingsError(f"{error.name} is not installed: pip install discord.py httpx") from error
    bot.run(character, settings)


if __name__ == "__main__":
    sys.exit(main())
