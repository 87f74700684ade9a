"""Who asks: the name of a caller, and what the server allows it."""

from __future__ import annotations

import hashlib
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

_N_NAME = 16  # hexadecimal digits of a digest: enough for keys, and no way back to one


def digest_of(key: str) -> bytes:
    """Return what stands for `key` where it is compared or named."""
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()


def caller_of_key(key: str) -> str:
    """Return the name of the caller that `key` belongs to, which tells nothing of the key."""
    return digest_of(key).hex()[:_N_NAME]


class Quota(msgspec.Struct, frozen=True, kw_only=True):
    """How much a caller may ask for within a minute and within a day. None: as much as it likes.

    Tokens are those of prompts, cached or not, and of answers.
    """

    requests_per_minute: int | None = None
    requests_per_day: int | None = None
    tokens_per_minute: int | None = None
    tokens_per_day: int | None = None

    @property
    def is_bounding(self) -> bool:
        """Whether there is any limit."""
        return self != _UNBOUNDED


_UNBOUNDED = Quota()


class CallerTerms(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller gets: its `weight` and `priority` in the engine, its quota, the models it may use.

    `models` are names, or patterns of them with `*`, `?` and `[...]`; None: all.
    """

    weight: float = 1.0
    priority: int = 0
    quota: Quota = Quota()
    models: tuple[str, ...] | None = None

    def may_use(self, names: Iterable[str]) -> bool:
        """Tell whether one of the names of a model is among those that the caller may use."""
        if self.models is None:
            return True
        return any(fnmatchcase(name, pattern) for name in names for pattern in self.models)
