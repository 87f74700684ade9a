"""The API keys of the configuration file, and what the server allows those who send them.

keys:
  - name: team
    key_file: team.key
    weight: 4
    tokens_per_day: 2000000
  - name: guest
    key: guest-key
    requests_per_minute: 20
    models: [story, tiny-*]
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from corral.config.definitions.blame import blame
from corral.config.given import ReadFile
from corral.config.kinds import SWITCH, Integer, finite
from corral.config.server_kinds import KeyFile
from corral.config.yaml_file import KEYS_HEADING, load
from corral.core.caller import CallerTerms, Quota, caller_of_key
from corral.core.errors import SettingsError
from corral.core.settings import ServerSettings

_FILE = "error in the configuration file"
_MAX_WEIGHT = 1000.0
_MAX_PRIORITY = 100
_MAX_COUNT = 10**15
_MAX_NAME = 64


@dataclass(frozen=True)
class DeclaredKey:
    """One entry. `key` is never shown: what is said of an entry says its `name`."""

    name: str
    key: str = field(repr=False)
    terms: CallerTerms
    is_admin: bool


def read(text: str, read_file: ReadFile) -> tuple[DeclaredKey, ...]:
    """Return the keys that the text of a configuration file declares.

    Raises:
        SettingsError: no YAML, an unknown field, a wrong value, a name or a key that stands twice.
    """
    document = load(text)
    if KEYS_HEADING not in document:
        return ()
    body = document[KEYS_HEADING]
    if not isinstance(body, list) or not body:
        raise SettingsError(f'{_FILE}, "{KEYS_HEADING}": it must hold a list of keys, each with a name')
    keys = tuple(_entry(place, item, read_file) for place, item in enumerate(body, 1))
    _check_distinct(keys)
    return keys


def with_keys(server: ServerSettings, keys: Iterable[DeclaredKey]) -> ServerSettings:
    """Return the settings with these keys among those that open the server."""
    keys = tuple(keys)
    own = tuple(one.key for one in keys)
    return msgspec.structs.replace(
        server,
        api_keys=(*server.api_keys, *own),
        admin_keys=(*server.admin_keys, *(one.key for one in keys if one.is_admin)),
        terms={**server.terms, **{caller_of_key(one.key): one.terms for one in keys}},
    )


def _entry(place: int, body: object, read_file: ReadFile) -> DeclaredKey:
    named = body.get("name") if isinstance(body, dict) else None
    shown = f'"{named}"' if isinstance(named, str) and named else f"entry {place}"
    with blame(f"{_FILE}, {KEYS_HEADING}, {shown}: "):
        if not isinstance(body, dict):
            raise SettingsError("fields were expected, as `name: team` lines")
        return _declared({str(name).replace("-", "_"): value for name, value in body.items()}, read_file)


def _declared(fields: Mapping[str, object], read_file: ReadFile) -> DeclaredKey:
    for name in fields:
        if name not in _FIELDS:
            raise SettingsError(f'unknown field "{name}"; there are {", ".join(_FIELDS)}')
    values = {name: _read(name, value) for name, value in fields.items()}
    if "name" not in values:
        raise SettingsError('"name" is missing')
    terms = CallerTerms(
        weight=values.get("weight", 1.0),
        priority=values.get("priority", 0),
        quota=Quota(**{name: values.get(name) for name in Quota.__struct_fields__}),
        models=values.get("models"),
    )
    is_admin = bool(values.get("is_admin"))
    if is_admin and terms.models is not None:
        raise SettingsError('"models": an admin key may use all of them; leave one of the two out')
    return DeclaredKey(str(values["name"]), _key(values, read_file), terms, is_admin)


def _read(name: str, value: object) -> Any:  # noqa: ANN401 - as the table says
    try:
        return _FIELDS[name](value)
    except ValueError as error:
        raise SettingsError(f'"{name}": {error}') from None


def _key(values: Mapping[str, object], read_file: ReadFile) -> str:
    if ("key" in values) == ("key_file" in values):
        raise SettingsError('one of "key" and "key_file" is needed')
    if "key" in values:
        return str(values["key"])
    path = str(values["key_file"])
    try:
        keys = KeyFile().read(read_file(path))
    except (OSError, ValueError) as error:
        raise SettingsError(f'"key_file": failed to read a key from "{path}"') from error
    if len(keys) > 1:
        raise SettingsError(f'"key_file": "{path}" holds {len(keys)} keys; an entry is for one')
    return keys[0]


def _check_distinct(keys: Iterable[DeclaredKey]) -> None:
    names: set[str] = set()
    owners: dict[str, str] = {}
    for one in keys:
        if one.name in names:
            raise SettingsError(f'{_FILE}, {KEYS_HEADING}: the name "{one.name}" stands twice')
        other = owners.setdefault(one.key, one.name)
        if other != one.name:
            raise SettingsError(
                f'{_FILE}, {KEYS_HEADING}: "{other}" and "{one.name}" have one key; give each its own'
            )
        names.add(one.name)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("one value was expected")  # noqa: TRY004 - as the kinds of options do
    if not value.strip():
        raise ValueError("invalid value (it is empty)")
    return value.strip()


def _name(value: object) -> str:
    text = _text(value)
    if len(text) > _MAX_NAME or not text.isprintable():
        raise ValueError(f"invalid value (1 to {_MAX_NAME} printable characters are needed)")
    return text


def _weight(value: object) -> float:
    weight = finite(_text(value))
    if not 0 < weight <= _MAX_WEIGHT:
        raise ValueError(f"invalid value ({weight:g} is not above 0 and up to {_MAX_WEIGHT:g})")
    return weight


def _priority(value: object) -> int:
    return _whole(value, -_MAX_PRIORITY, _MAX_PRIORITY)


def _count(value: object) -> int:
    return _whole(value, 1, _MAX_COUNT)


def _whole(value: object, lowest: int, highest: int) -> int:
    number = Integer(lowest, highest).read(_text(value))
    assert number is not None, "no word means that it is not set"
    return number


def _models(value: object) -> tuple[str, ...]:
    names = value if isinstance(value, list) else [value]
    if not names:
        raise ValueError("it names no model; leave it out for all of them")
    return tuple(_text(name) for name in names)


def _switch(value: object) -> bool:
    return SWITCH.read(_text(value))


_FIELDS: dict[str, Callable[[object], object]] = {
    "name": _name,
    "key": _text,
    "key_file": _text,
    "weight": _weight,
    "priority": _priority,
    **dict.fromkeys(Quota.__struct_fields__, _count),
    "models": _models,
    "is_admin": _switch,
}
