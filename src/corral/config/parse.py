"""From the words of the command line, the environment and a file to `Settings`. Pure: no process is touched.

Order, weakest first: defaults, the file, the environment, the command line.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from corral.config import coherence, escapes
from corral.config.arguments import ENDINGS, read_arguments
from corral.config.cache_dir import default_cache_dir
from corral.config.environment import read_environment, unread
from corral.config.given import Given, ReadFile
from corral.config.kinds import Value
from corral.config.rows.general import COMPLETION, CONFIG, HELP, VERSION
from corral.config.rows.model import CACHE_LIST
from corral.config.structure_kinds import appended
from corral.core.settings import Settings
from corral.core.structure import Structure

_Struct = TypeVar("_Struct", bound=msgspec.Struct)


class Wish(enum.Enum):
    """What the command line asks for."""

    RUN = "run"
    HELP = "help"
    VERSION = "version"
    DEVICES = "devices"
    CACHE_LIST = "cache_list"
    COMPLETION = "completion"


_WISHES = {HELP: Wish.HELP, CACHE_LIST: Wish.CACHE_LIST, COMPLETION: Wish.COMPLETION}


@dataclass(frozen=True)
class Parsed:
    """`warnings` are whole lines for standard error."""

    wish: Wish
    settings: Settings
    warnings: tuple[str, ...]


def parse(argv: Sequence[str], environ: Mapping[str, str], read_file: ReadFile) -> Parsed:
    """Return what the user wants.

    Raises:
        SettingsError: its message is everything that belongs on standard error.
    """
    variables = read_environment(environ, read_file)
    arguments = read_arguments(argv, read_file)
    if arguments and arguments[-1].option in ENDINGS:
        wish = Wish.VERSION if arguments[-1].option is VERSION else Wish.DEVICES
        return Parsed(wish, Settings(), ())
    given = [*_file(variables + arguments, read_file), *variables, *arguments]
    coherence.check_together(given)
    settings = escapes.processed(_with_cache_dir(_filled(Settings(), _merged(given)), environ))
    coherence.check(settings)
    warnings = (
        *_overwritten(variables, arguments),
        *(f"warn: {one.remark}" for one in given if one.remark),
        *coherence.remarks(settings),
        *unread(environ),
    )
    return Parsed(_wish(arguments), settings, warnings)


def _wish(arguments: Iterable[Given]) -> Wish:
    """Return what is to be done once everything was read: the first thing that is no serving, if any."""
    return next((_WISHES[one.option] for one in arguments if one.option in _WISHES), Wish.RUN)


def _file(given: Iterable[Given], read_file: ReadFile) -> list[Given]:
    texts = [str(one.value or "") for one in given if one.option is CONFIG]
    if not texts:
        return []
    from corral.config.yaml_file import read_yaml  # noqa: PLC0415 - PyYAML costs time that few starts need

    return read_yaml(texts[-1], read_file)


def _merged(given: Iterable[Given]) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for one in given:
        field = one.option.fills
        if field is not None:
            is_added = one.option.is_repeatable and field in values
            values[field] = _joined(values[field], one.value) if is_added else one.value
    return values


def _joined(earlier: Value, later: Value) -> Value:
    if isinstance(earlier, Structure) and isinstance(later, Structure):
        return appended(earlier, later)
    match earlier, later:
        case tuple(), tuple():
            return earlier + later
        case dict(), dict():
            return earlier | later
    assert isinstance(earlier or "", str), "a repeatable option reads tuples, objects or texts"
    return f"{earlier or ''}{later or ''}"


def _filled(struct: _Struct, values: Mapping[str, Value]) -> _Struct:
    """Return `struct` with each dotted field replaced."""
    changes: dict[str, object] = {}
    inner: dict[str, dict[str, Value]] = {}
    for path, value in values.items():
        head, _, rest = path.partition(".")
        if rest:
            inner.setdefault(head, {})[rest] = value
        else:
            changes[head] = value
    for head, fields in inner.items():
        changes[head] = _filled(getattr(struct, head), fields)
    return msgspec.structs.replace(struct, **changes)


def _with_cache_dir(settings: Settings, environ: Mapping[str, str]) -> Settings:
    if settings.model.cache_dir is not None:
        return settings
    return _filled(settings, {"model.cache_dir": default_cache_dir(environ)})


def _overwritten(variables: Iterable[Given], arguments: Iterable[Given]) -> Iterator[str]:
    flags = {one.option: one.source for one in arguments if not one.option.is_repeatable}
    for one in variables:
        if one.option in flags:
            yield (
                f"warn: {one.source} environment variable is set, but will be overwritten by "
                f"command line argument {flags[one.option]}"
            )
