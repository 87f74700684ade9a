"""What every character must keep, from whichever file it comes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from corral.core.errors import CharacterFileError
from corral.prompt.cards.limits import MAX_ENTRIES, MAX_NAME, MAX_PATTERN
from corral.prompt.emotions.words import MAX_LENGTH, MAX_WORDS
from corral.prompt.lorebook.book import ALWAYS, Lorebook, LoreEntry
from corral.prompt.persona import Persona, PersonaSampling

_INFINITE = math.inf
_RANGES = {
    "temperature": (0, 100),
    "top_k": (0, _INFINITE),
    "top_p": (0, 1),
    "min_p": (0, 1),
    "repeat_penalty": (0.01, 100),
    "repeat_last_n": (-1, _INFINITE),
    "max_tokens": (1, _INFINITE),
}


def checked(persona: Persona) -> Persona:
    """Return `persona`. Raises CharacterFileError, which names the field that is out of its range."""
    for complaint in _complaints(persona):
        raise CharacterFileError(complaint)
    return persona


def _complaints(persona: Persona) -> Iterator[str]:
    if not persona.name.strip():
        yield "name: a character needs one"
    for field in ("name", "nickname", "user_name"):
        text = getattr(persona, field)
        if len(text) > MAX_NAME or len(text.splitlines()) > 1:
            yield f"{field}: expected one line of at most {MAX_NAME} characters"
    yield from _emotions(persona.emotions)
    yield from _sampling(persona.sampling)
    if persona.lorebook is not None:
        yield from _book(persona.lorebook)


def _emotions(emotions: Sequence[str]) -> Iterator[str]:
    if len(emotions) > MAX_WORDS:
        yield f"emotions: more than {MAX_WORDS} entries"
    for at, emotion in enumerate(emotions):
        if len(emotion) > MAX_LENGTH:
            yield f"emotions[{at}]: expected at most {MAX_LENGTH} characters"


def _sampling(sampling: PersonaSampling) -> Iterator[str]:
    for field, (lowest, highest) in _RANGES.items():
        value = getattr(sampling, field)
        if value is not None and not lowest <= value <= highest:
            yield f"sampling.{field}: expected {_range(lowest, highest)}, got {value:g}"


def _book(book: Lorebook) -> Iterator[str]:
    if len(book.entries) > MAX_ENTRIES:
        yield f"lorebook: more than {MAX_ENTRIES} entries"
    for field in ("scan_depth", "token_budget", "recursion_limit"):
        if (getattr(book, field) or 0) < 0:
            yield f"lorebook: {field} is less than 0"
    for at, entry in enumerate(book.entries):
        yield from (f"lorebook, entry {at + 1}: {said}" for said in _entry(entry))


def _entry(entry: LoreEntry) -> Iterator[str]:
    if not 0 <= entry.probability <= ALWAYS:
        yield f"probability: expected {_range(0, ALWAYS)}"
    for field in ("depth", "scan_depth"):
        if (getattr(entry, field) or 0) < 0:
            yield f"{field} is less than 0"
    patterns = filter(entry.is_pattern, (*entry.keys, *entry.secondary_keys))
    if any(len(key) > MAX_PATTERN for key in patterns):
        yield f"a regular expression is longer than {MAX_PATTERN} characters"


def _range(lowest: float, highest: float) -> str:
    return f"{lowest:g} or more" if highest == _INFINITE else f"{lowest:g} to {highest:g}"
