"""Tokens guessed ahead in one step."""

from __future__ import annotations

from dataclasses import dataclass

from corral.core.errors import CorralError


@dataclass(slots=True)
class Draft:
    """`tokens` follow what a sequence has pending, in the same decode; the sampler chose `n_accepted` too.

    `failure`: why it could choose no further.
    """

    tokens: list[int]
    n_accepted: int = 0
    failure: CorralError | None = None
