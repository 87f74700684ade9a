"""C's escapes in the texts of the command line."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from corral.config.kinds import Value
from corral.core.settings import GenerationDefaults, Settings

_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{1,2})|([nrt'\"\\]))")
_FIELDS = ("generation.prompt", "generation.stop", "generation.sampling.dry_sequence_breakers")
_MEANS = {"n": "\n", "r": "\r", "t": "\t", "'": "'", '"': '"', "\\": "\\"}


def processed(settings: Settings) -> Settings:
    """Return the settings with the escapes of prompt, stop strings and DRY breakers read, if they are on."""
    texts = settings.generation
    if not texts.has_escapes:
        return settings
    return msgspec.structs.replace(settings, generation=_read(texts))


def processed_values(values: Mapping[str, Value], *, is_on: bool) -> dict[str, Value]:
    """Return the values of dotted fields, those of texts with their escapes read unless they are off."""
    if not values.get("generation.has_escapes", is_on):
        return dict(values)
    return {field: _unescaped(value) if field in _FIELDS else value for field, value in values.items()}


def unescaped(text: str) -> str:
    r"""Return `text` with \n, \r, \t, \', \", \\ and \xHH read; other backslashes stay."""
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)) if found[1] else _MEANS[found[2]], text)


def _unescaped(value: Value) -> Value:
    if isinstance(value, tuple):
        return tuple(unescaped(str(text)) for text in value)
    return unescaped(value) if isinstance(value, str) else value


def _read(texts: GenerationDefaults) -> GenerationDefaults:
    breakers = tuple(map(unescaped, texts.sampling.dry_sequence_breakers))
    return msgspec.structs.replace(
        texts,
        prompt=None if texts.prompt is None else unescaped(texts.prompt),
        stop=tuple(map(unescaped, texts.stop)),
        sampling=msgspec.structs.replace(texts.sampling, dry_sequence_breakers=breakers),
    )
