"""llama-server's file of model presets (`--models-preset`): INI, a section for each model.

    version = 1

    [*]                        ; of all models
    ctx-size = 4096

    [owner/name:Q4_K_M]        ; a name that is a repository is where the model comes from
    n-gpu-layers = 99

    [story]
    model = story.gguf
    load-on-startup = true

Keys are flags without dashes, long or short, or the names of their LLAMA_ARG_ variables.
"""

from __future__ import annotations

import configparser
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from corral.config.definitions.blame import blame
from corral.config.definitions.entry import Entry, read_entry
from corral.config.definitions.text_source import TextSource
from corral.config.definitions.whole import Ground
from corral.config.given import ReadFile
from corral.core.errors import SettingsError

_TOP = "\N{NULL}top"  # what stands before the first section
_ALL = "*"
# Of the files of llama-server; an engine is told to stop in one way here.
_WITHOUT_EFFECT = ("stop-timeout",)


def preset_source(path: Path, ground: Ground, read_file: ReadFile) -> TextSource:
    """Return the source of the models of one INI file."""
    return TextSource(path, ground, read_file, read, where=f"{path}: ")


def read(text: str, read_file: ReadFile) -> dict[str, Entry]:
    """Return the models of the INI text.

    Raises:
        SettingsError: no INI, a version that is not 1, an unknown key or a wrong value.
    """
    sections = _sections(text)
    _check_top(sections.pop(_TOP))
    of_all = _entry(_ALL, sections.pop(_ALL, {}), read_file)
    return {name: _over(of_all, _entry(name, section, read_file)) for name, section in sections.items()}


def _over(of_all: Entry, own: Entry) -> Entry:
    return Entry(values={**of_all.values, **own.values}, remarks=of_all.remarks + own.remarks)


def _sections(text: str) -> dict[str, dict[str, str]]:
    """Return keys and texts by section. White space before a key says nothing, as in llama-server."""
    parser = configparser.ConfigParser(
        interpolation=None,
        delimiters=("=",),
        comment_prefixes=(";", "#"),
        inline_comment_prefixes=(";", "#"),
        default_section="",
        empty_lines_in_values=False,
    )
    parser.optionxform = str  # type: ignore[assignment,method-assign] # keys keep their case
    lines = [line.strip() for line in text.splitlines()]
    try:
        parser.read_string("\n".join([f"[{_TOP}]", *lines]))
    except configparser.DuplicateSectionError as error:
        raise SettingsError(f"{_line(error.lineno)}the section [{error.section}] stands twice") from error
    except configparser.DuplicateOptionError as error:
        raise SettingsError(f'{_line(error.lineno)}"{error.option}" stands twice') from error
    except configparser.ParsingError as error:
        raise SettingsError(f"{_line(error.errors[0][0])}`key = value` was expected") from error
    except configparser.Error as error:
        raise SettingsError(f"no INI: {error}") from error
    return {name: dict(parser.items(name)) for name in parser.sections()}


def _line(number: int | None) -> str:
    return f"line {number - 1}: " if number else ""  # the first line is ours


def _check_top(top: Mapping[str, str]) -> None:
    for key, text in top.items():
        if key != "version":
            raise SettingsError(f'"{key}" stands before the first section; what is for all belongs under [*]')
        if text != "1":
            raise SettingsError(f"version {text} of preset files is not known, only 1")


def _entry(name: str, section: Mapping[str, str], read_file: ReadFile) -> Entry:
    pairs = [(key, text) for key, text in section.items() if key not in _WITHOUT_EFFECT]
    ignored = tuple(f'"{key}" has no effect' for key in section if key in _WITHOUT_EFFECT)
    with blame(f"[{name}], "):
        entry = read_entry(pairs, read_file)
    return replace(entry, remarks=entry.remarks + ignored)
