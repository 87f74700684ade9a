"""Kinds of adapter files, alone or with a scale, as llama-server took them and takes them now."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from corral.config.kinds import finite

_PATH = re.compile(r'(?:"(?P<quoted>[^"]+)"|(?P<plain>[^",][^,]*))(?:,(?!$)|$)')
# A path may hold commas and colons: an item ends where a number ends it.
_ITEM = re.compile(r"(?P<path>.+?):(?P<scale>[+-]?[0-9.][0-9.eE+-]*)(?:,|$)", re.DOTALL)


@dataclass(frozen=True)
class Files:
    """Paths between commas, one with a comma in quotation marks; `make` gives what each becomes."""

    make: Callable[[str], object]
    metavar: str = "FNAME"
    domain: str = "files, separated by commas"

    def read(self, text: str) -> tuple[object, ...]:
        """Return one of `make` for each path."""
        items = list(_PATH.finditer(text))
        if not items or "".join(item.group() for item in items) != text:
            raise ValueError(f"invalid value ('{text}' does not name files)")
        return tuple(self.make(item["quoted"] or item["plain"]) for item in items)


@dataclass(frozen=True)
class ScaledFiles:
    """FNAME:SCALE between commas. For options with `n_values=2`: FNAME SCALE arrives as FNAME:SCALE."""

    make: Callable[[str, float], object]
    metavar: str = "FNAME SCALE"
    domain: str = "file and number; or FNAME:SCALE, several separated by commas"

    def read(self, text: str) -> tuple[object, ...]:
        """Return one of `make` for each pair."""
        items = list(_ITEM.finditer(text))
        if not items or "".join(item.group() for item in items) != text or text.endswith(","):
            raise ValueError(f"invalid value ('{text}' is no FNAME SCALE and no FNAME:SCALE)")
        return tuple(self.make(item["path"], finite(item["scale"])) for item in items)
