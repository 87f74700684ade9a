"""What one declaration says of a model, in the words of the option table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from corral.config.fill import merged
from corral.config.given import Given, ReadFile, give
from corral.config.kinds import Value
from corral.config.options import FLAGS, OPTIONS, Spelling, nearest
from corral.config.refused import refuse
from corral.config.rows.device import LIST_DEVICES
from corral.config.rows.general import COMPLETION, CONFIG, HELP, VERSION
from corral.config.rows.install import ROWS as INSTALL_ROWS
from corral.config.rows.model import CACHE_LIST
from corral.config.rows.models import LOAD_ON_STARTUP
from corral.core.errors import SettingsError

_OF_THE_SERVER = ("server.", "log.", "catalog.", "placement.", "characters.")
_OF_THE_COMMAND = (CONFIG, HELP, VERSION, LIST_DEVICES, COMPLETION, CACHE_LIST, *INSTALL_ROWS)
# Keys are flags without their dashes, and variables; a long flag is stronger than a short one.
_KEYS: dict[str, Spelling] = {
    **{name: Spelling(option, is_on) for option in OPTIONS for name, is_on in option.variables.items()},
    **{flag[1:]: spelling for flag, spelling in FLAGS.items() if not flag.startswith("--")},
    **{flag[2:]: spelling for flag, spelling in FLAGS.items() if flag.startswith("--")},
    "preload": Spelling(LOAD_ON_STARTUP, is_on=True),
}

# What others call it.
_MEANT = {
    **dict.fromkeys(("path", "model-path", "filename", "model-file"), "model"),
    **dict.fromkeys(("n-ctx", "context", "context-size", "context-length", "max-total-tokens"), "ctx-size"),
    **dict.fromkeys(("preset", "presets", "extends"), "inherit"),
    **dict.fromkeys(("url", "base-url"), "model-url or proxy-url"),
}


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One declared model. `values` are those of dotted fields, `remarks` what the user should know."""

    values: Mapping[str, Value] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()
    runner: str = "llama"
    remarks: tuple[str, ...] = ()


def read_entry(pairs: Iterable[tuple[str, str]], read_file: ReadFile) -> Entry:
    """Return what keys and their texts say.

    Raises:
        SettingsError: a key is unknown or speaks of the whole server, or a text cannot be read.
    """
    given = [_read(key, text, read_file) for key, text in pairs]
    return Entry(values=merged(given), remarks=tuple(one.remark for one in given if one.remark))


def find(key: str) -> Spelling:
    """Return the option that `key` means. Raises `SettingsError` if a model cannot have it."""
    name = key if key in _KEYS else key.replace("_", "-")
    spelling = _KEYS.get(name)
    if spelling is None:
        refuse(f"--{name}")
        refuse(f"-{name}")
        refuse(key)
        raise SettingsError("; ".join(filter(None, [f'unknown key "{key}"', _meant(name)])))
    if spelling.option in _OF_THE_COMMAND:
        raise SettingsError(f'"{key}" belongs on the command line, not to a model')
    if (spelling.option.fills or "").startswith(_OF_THE_SERVER):
        hint = f"; {_meant(name)}" if name in _MEANT else ""
        raise SettingsError(
            f'"{key}" speaks of the whole server, not of one model; give it to the server{hint}'
        )
    return spelling


def _meant(name: str) -> str:
    return f"did you mean {_MEANT[name]}?" if name in _MEANT else nearest(name, _KEYS)


def _read(key: str, text: str, read_file: ReadFile) -> Given:
    spelling = find(key)
    try:
        return give(spelling.option, key, spelling.word(text), read_file)
    except ValueError as error:
        raise SettingsError(f'"{key}": {error}') from error
