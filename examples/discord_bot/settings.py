"""What an operator can set, all of it in environment variables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .emotion import Display

SHIPPED_CHARACTER = Path(__file__).parent / "characters" / "marla.json"


class SettingsError(Exception):
    """A variable is missing or wrong; the message names it."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The bot's settings; README.md explains each."""

    token: str
    url: str = "http://127.0.0.1:8080"
    api_key: str | None = None
    character_path: Path = SHIPPED_CHARACTER
    display: Display = Display.REACTION
    timeout_s: float = 120.0
    n_at_once: int = 2
    n_waiting: int = 20
    n_chain: int = 200
    n_cache: int = 10_000

    def __repr__(self) -> str:
        return f"Settings(url={self.url!r}, character_path={str(self.character_path)!r})"  # no secret in logs


def read_settings(variables: Mapping[str, str]) -> Settings:
    """Return the settings in `variables` (the environment); raises SettingsError. Empty ones are unset."""
    given = {name: text.strip() for name, text in variables.items() if text.strip()}
    if "DISCORD_TOKEN" not in given:
        raise SettingsError("DISCORD_TOKEN is not set: it holds the token of the bot's account (README.md).")
    return Settings(
        token=given["DISCORD_TOKEN"],
        url=_url(given.get("CORRAL_URL", Settings.url)),
        api_key=given.get("CORRAL_API_KEY"),
        character_path=Path(given.get("CORRAL_BOT_CHARACTER", SHIPPED_CHARACTER)),
        display=_display(given.get("CORRAL_BOT_EMOTION", Settings.display)),
        timeout_s=_number(given, "CORRAL_BOT_TIMEOUT_S", int(Settings.timeout_s)),
        n_at_once=_number(given, "CORRAL_BOT_AT_ONCE", Settings.n_at_once),
        n_waiting=_number(given, "CORRAL_BOT_WAITING", Settings.n_waiting, least=0),
        n_chain=_number(given, "CORRAL_BOT_CHAIN", Settings.n_chain),
        n_cache=_number(given, "CORRAL_BOT_CACHE", Settings.n_cache),
    )


def _url(text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise SettingsError(f"CORRAL_URL must begin with http:// or https://, not {text!r}.")
    return text


def _display(text: str) -> Display:
    try:
        return Display(text.lower())
    except ValueError as error:
        names = ", ".join(Display)
        raise SettingsError(f"CORRAL_BOT_EMOTION must be one of {names}, not {text!r}.") from error


def _number(given: Mapping[str, str], name: str, usual: int, *, least: int = 1) -> int:
    text = given.get(name, str(usual))
    if not (text.isascii() and text.isdigit()) or int(text) < least:
        raise SettingsError(f"{name} must be a whole number of at least {least}, not {text!r}.")
    return int(text)
