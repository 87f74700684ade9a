"""What programs read of a command: one JSON document on standard output."""

from __future__ import annotations

import sys
from typing import Any

import msgspec


def print_json(document: Any) -> None:  # noqa: ANN401 - any JSON
    """Print it, for people's eyes too."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n")
