"""YAML from strangers: texts, lists and mappings only, bounded in size, depth and in what aliases make of it.

The tree is built from the parser's events, so nothing here recurses by what the file says. Whether `1` is a
number is for the reader of a field to say: a plain scalar is a `Plain` text.
"""

from __future__ import annotations

import math
import re
from typing import Any

import yaml

from corral.core.errors import CharacterFileError
from corral.prompt.cards.limits import MAX_NESTING, MAX_VALUES, MAX_YAML_BYTES
from corral.prompt.cards.strict_json import shown

# PyYAML's own parser is the same in Python, forty times slower.
_Parser: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MAX_NESTING = MAX_NESTING + 8  # what was read from the deepest card can be written and read again
_ABSENT = ("", "~", "null")
_TOO_DEEP = f"the file is nested deeper than {_MAX_NESTING} levels"
_TOO_MANY = f"the file holds more than {MAX_VALUES} values"
_NO_KEY = 'a key must be a word; a text that begins with a brace has to be quoted, as "{{user}} knocks"'
_WHOLE = re.compile(r"-?(?:0|[1-9]\d{0,17})", re.ASCII)  # as many digits as 64 bits surely hold
_DECIMAL = re.compile(r"-?\d+\.\d*(?:[eE][-+]\d+)?", re.ASCII)


class Plain(str):
    """A scalar that was written without quotes."""

    __slots__ = ()


def read_tree(content: bytes) -> dict[str, Any]:
    """Return the mapping: texts, `Plain` texts, lists and dicts. What an alias names may stand in it twice.

    Raises:
        CharacterFileError: it is no such YAML; the message says why and where.
    """
    if len(content) > MAX_YAML_BYTES:
        raise CharacterFileError(f"the YAML is larger than {MAX_YAML_BYTES} bytes")
    try:
        tree = _tree(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise CharacterFileError("the file is neither a picture nor text in UTF-8") from None
    except yaml.YAMLError as error:
        raise CharacterFileError(f"the YAML cannot be read: {_said(error)}") from None
    if not isinstance(tree, dict):
        raise CharacterFileError("the file holds no character: `name: ...` and further lines were expected")
    _check_size(tree)
    return tree


def texts(tree: Any, free: tuple[str, ...]) -> Any:  # noqa: ANN401 - YAML is anything
    """Return the tree with texts only, without keys that have no value. Under the keys `free` as `typed`."""
    if isinstance(tree, dict):
        given = {key: item for key, item in tree.items() if not _is_absent(item)}
        return {key: typed(item) if key in free else texts(item, free) for key, item in given.items()}
    if isinstance(tree, list):
        return [texts(item, free) for item in tree]
    return str(tree)


def typed(tree: Any) -> Any:  # noqa: ANN401 - the same
    """Return the tree with plain scalars as the numbers, truth values and null that JSON has."""
    if isinstance(tree, dict):
        return {key: typed(item) for key, item in tree.items()}
    if isinstance(tree, list):
        return [typed(item) for item in tree]
    return _scalar(tree) if isinstance(tree, Plain) else tree


class _Builder:
    """The tree, event by event."""

    def __init__(self) -> None:
        self._open: list[tuple[Any, str | None]] = []  # collections not yet ended, and their anchors
        self._keys: list[str | None] = []  # of each of them, the key that waits for its value
        self._named: dict[str, Any] = {}
        self.documents: list[Any] = []

    def take(self, event: yaml.Event) -> None:
        match event:
            case yaml.AliasEvent():
                if event.anchor not in self._named:
                    raise _wrong(f"the alias *{event.anchor} names nothing that stands before it", event)
                self._put(self._named[event.anchor], event)
            case yaml.ScalarEvent():
                _check_tag(event)
                self._done(event.value if event.style else Plain(event.value), event.anchor, event)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                _check_tag(event)
                if len(self._open) == _MAX_NESTING:
                    raise CharacterFileError(_TOO_DEEP)
                self._open.append(({} if isinstance(event, yaml.MappingStartEvent) else [], event.anchor))
                self._keys.append(None)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._keys.pop()
                self._done(*self._open.pop(), event)

    def _done(self, value: object, anchor: str | None, event: yaml.Event) -> None:
        if anchor is not None:
            self._named[anchor] = value
        self._put(value, event)

    def _put(self, value: object, event: yaml.Event) -> None:
        if not self._open:
            self.documents.append(value)
        elif isinstance(self._open[-1][0], list):
            self._open[-1][0].append(value)
        elif self._keys[-1] is None:
            self._keys[-1] = self._key(value, event)
        else:
            self._open[-1][0][self._keys[-1]] = value
            self._keys[-1] = None

    def _key(self, value: object, event: yaml.Event) -> str:
        if not isinstance(value, str):
            raise _wrong(_NO_KEY, event)
        if value in self._open[-1][0]:
            raise _wrong(f"the key {shown(value)} stands twice", event)
        return str(value)


def _tree(text: str) -> Any:  # noqa: ANN401 - the same
    builder = _Builder()
    for n_events, event in enumerate(yaml.parse(text, Loader=_Parser)):
        if n_events > 2 * MAX_VALUES:  # the beginning and the end of each, at most
            raise CharacterFileError(_TOO_MANY)
        builder.take(event)
    if len(builder.documents) != 1:
        raise CharacterFileError(f"the file holds {len(builder.documents)} YAML documents; one was expected")
    return builder.documents[0]


def _check_tag(event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> None:
    if event.tag not in (None, "!"):
        raise _wrong(f"tags as {shown(event.tag)} are not read", event)


def _check_size(tree: object) -> None:
    """Count each value as often as aliases repeat it."""
    waiting = [(tree, 1)]
    n_values = 0
    while waiting:
        found, depth = waiting.pop()
        n_values += 1
        if n_values > MAX_VALUES:
            raise CharacterFileError(_TOO_MANY)
        if depth > _MAX_NESTING:
            raise CharacterFileError(_TOO_DEEP)
        if isinstance(found, dict | list):
            items = found.values() if isinstance(found, dict) else found
            waiting += [(item, depth + 1) for item in items]


def _is_absent(item: object) -> bool:
    return isinstance(item, Plain) and item in _ABSENT


def _scalar(text: str) -> object:
    """Return what a plain scalar is. A text that PyYAML writes without quotes stays one."""
    if text in _ABSENT:
        return None
    if text in ("true", "false"):
        return text == "true"
    if _WHOLE.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text) and math.isfinite(float(text)):
        return float(text)
    return str(text)


def _wrong(said: str, event: yaml.Event) -> CharacterFileError:
    where = f"line {event.start_mark.line + 1}: " if event.start_mark else ""
    return CharacterFileError(where + said)


def _said(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or "it holds characters that YAML does not allow"
    return problem if mark is None else f"line {mark.line + 1}: {problem}"
