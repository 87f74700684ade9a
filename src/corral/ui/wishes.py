"""What the reader set in the page's drawer, and the options of a request that it makes. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from corral.api.generation.fields import GenerationFields


@dataclass(frozen=True)
class Wishes:
    """None, an emptied field, means the server's default. Number fields give floats."""

    system: str = ""
    temperature: float | None = None
    max_tokens: float | None = None


def to_fields(wishes: Wishes) -> GenerationFields:
    """Return the options; a limit is at least one token."""
    limit = None if wishes.max_tokens is None else max(1, int(wishes.max_tokens))
    return GenerationFields(temperature=wishes.temperature, max_tokens=limit, stream=True)
