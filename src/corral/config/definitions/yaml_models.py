"""The models of the configuration file, and the presets that they inherit.

    presets:
      small: {ctx-size: 4096, parallel: 2}
      exact: {inherit: small, temp: 0}
    models:
      story:
        model: story.gguf
        inherit: exact
        aliases: [gpt-4, tale]
        preload: true

Any option may stand there that can differ from model to model. What is nearer wins, lists as a whole: the
model, the last preset that it names, what that inherits, then what the server was told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from corral.config.definitions.blame import blame
from corral.config.definitions.entry import Entry, find, read_entry
from corral.config.definitions.lineage import lineage
from corral.config.definitions.text_source import TextSource
from corral.config.definitions.whole import Ground
from corral.config.given import ReadFile
from corral.config.yaml_file import DECLARATIONS, entries, load
from corral.core.errors import SettingsError

_FILE = "error in the configuration file"
_OWN_KEYS = ("aliases", "inherit", "runner")


def yaml_source(path: Path, ground: Ground, read_file: ReadFile) -> TextSource:
    """Return the source of the models of one configuration file."""
    return TextSource(path, ground, read_file, read)


@dataclass(frozen=True)
class _Section:
    """One mapping under `models` or `presets`."""

    said: Entry
    own: Mapping[str, tuple[str, ...]]


def read(text: str, read_file: ReadFile) -> dict[str, Entry]:
    """Return the models that the text of a configuration file declares.

    Raises:
        SettingsError: no YAML, an unknown key, a wrong value, presets that are not there or go in a circle.
    """
    document = load(text)
    found = {}
    for heading in DECLARATIONS:
        sections = _mapping(heading, document.get(heading))
        found[heading] = {name: _section(heading, name, body, read_file) for name, body in sections.items()}
    parents = {name: section.own["inherit"] for name, section in found["presets"].items()}
    for name in parents:
        with blame(f'{_FILE}, presets, "{name}": '):
            lineage([name], parents)
    return {
        name: _entry(name, section, found["presets"], parents) for name, section in found["models"].items()
    }


def _entry(
    name: str,
    section: _Section,
    presets: Mapping[str, _Section],
    parents: Mapping[str, tuple[str, ...]],
) -> Entry:
    with blame(f'{_FILE}, models, "{name}": '):
        inherited = lineage(section.own["inherit"], parents)
    said = [*(presets[preset].said for preset in inherited), section.said]
    return Entry(
        values={field: value for each in said for field, value in each.values.items()},
        remarks=tuple(remark for each in said for remark in each.remarks),
        aliases=section.own["aliases"],
        runner=(section.own["runner"] or ("llama",))[-1],
    )


def _mapping(heading: str, body: object) -> dict[str, object]:
    if body in (None, ""):
        return {}
    if not isinstance(body, dict):
        raise SettingsError(f'{_FILE}, "{heading}": it must hold `name: options` lines')
    return {str(name): value for name, value in body.items()}


def _section(heading: str, name: str, body: object, read_file: ReadFile) -> _Section:
    with blame(f'{_FILE}, {heading}, "{name}": '):
        options = _mapping_of_options(body)
        own = {key: _names(key, options.get(key)) for key in _OWN_KEYS}
        if heading == "presets" and (own["aliases"] or own["runner"]):
            raise SettingsError("a preset holds options only; aliases and runner belong to models")
        return _Section(read_entry(_pairs(options), read_file), own)


def _mapping_of_options(body: object) -> dict[object, object]:
    if body in (None, ""):
        return {}
    if not isinstance(body, dict):
        raise SettingsError("options were expected, as `ctx-size: 4096` lines")
    return body


def _names(key: str, value: object) -> tuple[str, ...]:
    if value in (None, ""):
        return ()
    names = value if isinstance(value, list) else [value]
    if not all(isinstance(name, str) and name for name in names):
        raise SettingsError(f'"{key}": a name or a list of names was expected')
    return tuple(names)


def _pairs(options: dict[object, object]) -> Iterator[tuple[str, str]]:
    for key, value in entries(options):
        if key in _OWN_KEYS:
            continue
        is_list = isinstance(value, list) and find(key).option.is_repeatable
        for item in value if isinstance(value, list) and is_list else [value]:
            if not isinstance(item, str):
                raise SettingsError(f'"{key}": one value was expected')
            yield key, item
