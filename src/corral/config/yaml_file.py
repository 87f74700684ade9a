"""The configuration file: long flags without their dashes, alone or under a heading of the reference page.

    ctx-size: 4096
    sampling:
      top-k: 20
    api-key: [one, two]

Every value is read as the text that stands in the file, by the same rules as on the command line. What stands
under `models` and `presets` is read by `definitions.yaml_models`, under `keys` by `definitions.yaml_keys`.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Any

import yaml

from corral.config.given import Given, ReadFile, give
from corral.config.options import KEYS, TABLE, Spelling, nearest
from corral.config.refused import refuse
from corral.config.rows.device import LIST_DEVICES
from corral.config.rows.general import COMPLETION, CONFIG, HELP, VERSION
from corral.config.rows.install import ROWS as INSTALL_ROWS
from corral.config.rows.model import CACHE_LIST
from corral.core.errors import SettingsError

# What speaks of the command line itself has no place in a file.
NO_KEYS = (CONFIG, HELP, VERSION, LIST_DEVICES, COMPLETION, CACHE_LIST, *INSTALL_ROWS)
_KEYS = {key: spelling for key, spelling in KEYS.items() if spelling.option not in NO_KEYS}
DECLARATIONS = ("models", "presets")
KEYS_HEADING = "keys"


class _Loader(yaml.BaseLoader):
    """Makes texts, lists and dicts only, and refuses a key that stands twice: one would be lost."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002 - PyYAML's signature
        """Return the dict. Raises `yaml.YAMLError`."""
        seen: set[str] = set()
        for key in [key for key, _ in node.value if isinstance(key, yaml.ScalarNode)]:
            if key.value in seen:
                raise yaml.MarkedYAMLError(problem=f'"{key.value}" stands twice', problem_mark=key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def read_yaml(text: str, read_file: ReadFile) -> list[Given]:
    """Return what the file gives, in its order.

    Raises:
        SettingsError: no YAML, an unknown key, or a value that cannot be read.
    """
    return [
        _read(key, _find(key), item, read_file)
        for key, value in entries(load(text))
        if key not in DECLARATIONS and key != KEYS_HEADING
        for item in _items(key, value)
    ]


def load(text: str) -> dict[object, object]:
    """Return the mapping in `text`, whose values are texts, lists and mappings.

    Raises:
        SettingsError: no YAML, or no mapping.
    """
    try:
        document = yaml.load(text, Loader=_Loader)  # noqa: S506 - it makes texts, lists and dicts only
    except (yaml.YAMLError, RecursionError) as error:
        raise SettingsError(f"error in the configuration file: {error}") from error
    if document in (None, ""):
        return {}
    if not isinstance(document, dict):
        raise SettingsError("error in the configuration file: it must hold `name: value` lines")
    return document


def entries(document: dict[object, object]) -> Iterator[tuple[str, object]]:
    """Yield keys, with dashes, and values; what stands under the heading of a group as if it did not."""
    for key, value in document.items():
        if key in TABLE and isinstance(value, dict):
            yield from ((_normal(inner), item) for inner, item in value.items())
        else:
            yield _normal(key), value


def _normal(key: object) -> str:
    return str(key).replace("_", "-")


def _find(key: str) -> Spelling:
    spelling = _KEYS.get(key)
    if spelling is None:
        refuse(f"--{key}")
        text = f'error in the configuration file: unknown key "{key}"'
        raise SettingsError("; ".join(filter(None, [text, nearest(key, _KEYS)])))
    return spelling


def _items(key: str, value: object) -> Iterator[str]:
    items = value if isinstance(value, list) and _find(key).option.is_repeatable else [value]
    for item in items:
        if not isinstance(item, str):
            raise _wrong(key, "one value was expected")
        yield item


def _read(key: str, spelling: Spelling, text: str, read_file: ReadFile) -> Given:
    try:
        return give(spelling.option, key, spelling.word(text), read_file)
    except ValueError as error:
        raise _wrong(key, str(error)) from error


def _wrong(key: str, reason: str) -> SettingsError:
    return SettingsError(f'error in the configuration file, "{key}": {reason}')
