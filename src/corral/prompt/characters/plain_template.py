"""The template language of character chat.

    @{key}          the character's `key`
    &{key}          the body's `key`
    ${name}         a slot: message, chatExample, chat

Values may refer to further values. A list is written [a,b,c]; what is unknown is the empty text. Slots are
filled last, and what is put into them is never looked at again: so stand messages there, and values that are
no templates themselves (`as_slots`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from corral.core.errors import InvalidRequestError

MAX_CHARS = 4_000_000  # read for one body: more than any context takes
MAX_REFERENCES = 10_000  # replaced in one body; a chain of doublings asks for 2**n
MAX_DEPTH = 64  # values within values
MAX_ROUNDS = 16  # references that only came about as others were replaced

_REFERENCE = re.compile(r"([@&])\{([^{}]*)\}")
_SLOT = re.compile(r"\$\{([^{}]*)\}")
_Key = tuple[str, str]


class Expansion:
    """Replaces the references of one body's templates, which share the bounds.

    `n_max_chars`: what may be read of texts with references in all, each as often as it is read. So no
    more than that comes out of them either.
    """

    def __init__(
        self, character: Mapping[str, Any], body: Mapping[str, Any], *, n_max_chars: int = MAX_CHARS
    ) -> None:
        self._values = {"@": character, "&": body}
        self._n_max_chars = n_max_chars
        self._n_chars = 0
        self._n_references = 0
        self._active: list[_Key] = []

    def of(self, text: str) -> str:
        """Return `text` without references; slots stay.

        Inside its own value a reference is the empty text, so what refers to itself ends. Raises
        InvalidRequestError, which names the key, for what grows beyond all measure.
        """
        for _ in range(MAX_ROUNDS):
            found = _REFERENCE.search(text)
            if found is None:
                return text
            text = self._replaced(text, (found[1], found[2]))
        found = _REFERENCE.search(text)
        if found is not None:
            raise _refused((found[1], found[2]), "it refers on and on")
        return text

    def _replaced(self, text: str, key: _Key) -> str:
        """Return `text`, which is the value of `key` or refers to it, with its references replaced once."""
        self._n_chars += len(text)
        if self._n_chars > self._n_max_chars:
            raise _refused(key, f"the templates make texts of more than {self._n_max_chars} characters")
        parts: list[str] = []
        end = 0
        for found in _REFERENCE.finditer(text):
            parts += text[end : found.start()], self._value((found[1], found[2]))
            end = found.end()
        return "".join([*parts, text[end:]])

    def _value(self, key: _Key) -> str:
        """Return the value of a key, its own references replaced."""
        self._n_references += 1
        if self._n_references > MAX_REFERENCES:
            raise _refused(key, f"the templates refer to more than {MAX_REFERENCES} values")
        if key in self._active:
            return ""
        if len(self._active) == MAX_DEPTH:
            raise _refused(key, f"it stands in more than {MAX_DEPTH} values")
        self._active.append(key)
        try:
            return self._replaced(as_text(self._values[key[0]].get(key[1])), key)
        finally:
            self._active.pop()


def as_text(value: Any) -> str:  # noqa: ANN401 - any JSON
    """Return a value as templates show it: a list as [a,b,c], null as nothing, the rest as JSON."""
    match value:
        case None:
            return ""
        case str():
            return value
        case list():
            return f"[{','.join(map(as_text, value))}]"
    return msgspec.json.encode(value).decode()


def filled(template: str, slots: Mapping[str, str]) -> str:
    """Return an expanded template with its slots filled; one that `slots` does not hold stays empty."""
    return _SLOT.sub(lambda found: slots.get(found[1], ""), template)


def as_references(values: Mapping[str, Any]) -> dict[str, str]:
    """Return, in the place of each value, a reference to its slot: for an `Expansion`."""
    return {key: f"${{@{key}}}" for key in values}


def as_slots(values: Mapping[str, Any]) -> dict[str, str]:
    """Return what the slots of `as_references` are filled with."""
    return {f"@{key}": as_text(value) for key, value in values.items()}


def length(template: str, slots: Mapping[str, str]) -> int:
    """Return about how many characters `filled` returns, and never less."""
    return len(template) + sum(len(slots.get(found[1], "")) for found in _SLOT.finditer(template))


def ends_in_slot(template: str, names: tuple[str, ...]) -> bool:
    """Tell whether the last thing of a template is one of these slots."""
    return any(template.endswith(f"${{{name}}}") for name in names)


def _refused(key: _Key, why: str) -> InvalidRequestError:
    name = key[1] if len(key[1]) <= 100 else f"{key[1][:100]}..."
    return InvalidRequestError(f"Field '{'character.' if key[0] == '@' else ''}{name}': {why}")
