"""Placeholders in the texts of characters: names, dates, choices.

The names are those that character cards are written with: the specification of cards V3 ("curly braced
syntaxes") and SillyTavern's documentation of its macros.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable

import msgspec

from corral.prompt.chance import number_below

_PLACEHOLDER = re.compile(r"\{\{([^{}]*)\}\}|<(user|bot|char)>", re.IGNORECASE)
_DICE = re.compile(r"(\d{0,2})d(\d{1,6})(?:([+-])(\d{1,6}))?|(\d{1,6})", re.IGNORECASE | re.ASCII)
_COMMENTS = ("comment", "hidden_key")


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """What placeholders mean in one chat. `now` None: dates stay as they are written.

    `seed`: a request's own, or 0: the same texts get the same choices then from turn to turn.
    """

    character: str
    user: str
    now: dt.datetime | None = None
    seed: int = 0


def expand(text: str, scene: Scene, place: str = "", *, original: str | None = None) -> str:
    """Return `text` with its placeholders filled in, in one pass and in linear time.

    What was put in is never looked at again: a user called "{{char}}" stays so. Unknown placeholders, and
    those around others, stay as they are. Choices (`random`, `pick`, `roll`) are drawn from the scene's seed
    and `place`, the name of the text. `original` is what the text replaces; None: it replaces nothing.

    A date in a text that stands at the beginning of a prompt costs the cached prefix whenever it changes.
    `{{time}}` is therefore exact to the minute only, which still is a new prompt each minute.
    """
    if "{{" not in text and "<" not in text:
        return text
    return _Expansion(scene, place, original).of(text)


class _Expansion:
    """One text on its way; `_n` counts its placeholders, so that two dice in a text fall differently."""

    def __init__(self, scene: Scene, place: str, original: str | None) -> None:
        self._scene = scene
        self._place = place
        self._original = original
        self._n = 0

    def of(self, text: str) -> str:
        parts: list[str] = []
        end = 0
        is_trimming = False
        for found in _PLACEHOLDER.finditer(text):
            literal = text[end : found.start()]
            parts.append(literal.lstrip("\r\n") if is_trimming else literal)
            is_trimming = (found[1] or "").strip().lower() == "trim"
            if is_trimming:
                parts[-1] = parts[-1].rstrip("\r\n")
            else:
                value = self._value(found[1], found[2])
                parts.append(found[0] if value is None else value)
            end = found.end()
        literal = text[end:]
        return "".join(parts) + (literal.lstrip("\r\n") if is_trimming else literal)

    def _value(self, braced: str | None, angled: str | None) -> str | None:
        """Return what stands for a placeholder, None if it is none."""
        self._n += 1
        if braced is None:
            return self._scene.user if (angled or "").lower() == "user" else self._scene.character
        if braced.lstrip().startswith("//"):
            return ""
        name, colon, argument = braced.partition(":")
        name = name.strip().lower()
        return self._with_argument(name, argument) if colon else self._plain(name)

    def _plain(self, name: str) -> str | None:
        match name:
            case "char" | "bot":
                return self._scene.character
            case "user":
                return self._scene.user
            case "original":
                return self._original
            case "newline":
                return "\n"
            case "noop":
                return ""
        form = _DATES.get(name)
        return form(self._scene.now) if form and self._scene.now else None

    def _with_argument(self, name: str, argument: str) -> str | None:
        match name:
            case "random" | "pick":
                return self._picked(_choices(argument))
            case "roll":
                return self._rolled(argument)
            case "reverse":
                return argument[::-1]
        return "" if name in _COMMENTS else None

    def _picked(self, choices: list[str]) -> str:
        return choices[number_below(len(choices), self._scene.seed, self._place, self._n)]

    def _rolled(self, argument: str) -> str | None:
        dice = _DICE.fullmatch(argument.strip())
        if dice is None:
            return None
        n_dice, n_sides = int(dice[1] or 1), int(dice[2] or dice[5])
        if n_sides == 0:
            return None
        purpose = (self._scene.seed, self._place, self._n)
        total = sum(1 + number_below(n_sides, *purpose, i) for i in range(n_dice))
        return str(total + int(f"{dice[3] or '+'}{dice[4] or 0}"))


def _choices(argument: str) -> list[str]:
    r"""Return what stands between commas (\, is a comma of a choice) or, behind a "::", between those."""
    if argument.startswith(":"):
        return argument[1:].split("::")
    parts = argument.replace(r"\,", "\0").split(",")
    return [part.strip().replace("\0", ",") for part in parts]


def _date(now: dt.datetime) -> str:
    return f"{now:%B} {now.day}, {now.year}"


_DATES: dict[str, Callable[[dt.datetime], str]] = {
    "date": _date,
    "time": lambda now: f"{now:%I:%M %p}".lstrip("0"),
    "weekday": lambda now: f"{now:%A}",
    "isodate": lambda now: f"{now:%Y-%m-%d}",
    "isotime": lambda now: f"{now:%H:%M}",
}
