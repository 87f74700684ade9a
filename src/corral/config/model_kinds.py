"""The kinds of value that say where models run and how much they may take."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from corral.config.kinds import INT_MAX, Integer, finite

_UNITS = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4}
_SIZE = re.compile(r"(?P<number>[0-9.]+)\s*(?:(?P<unit>[KMGT]?)(?:i?B)?|(?P<percent>%))", re.IGNORECASE)
_MAX_BYTES = 2**60


@dataclass(frozen=True)
class ByteSize:
    """An amount of memory: 8G, 500M, bytes; or a percentage of what `whole` returns (None: not known)."""

    whole: Callable[[], int | None] | None = None
    metavar: str = "SIZE"

    @property
    def domain(self) -> str:
        """What may be given."""
        return "bytes, or with K, M, G, T" + (", or N%" if self.whole else "")

    def read(self, text: str) -> int:
        """Return the bytes, at least one."""
        found = _SIZE.fullmatch(text.strip())
        if not found:
            raise ValueError(f"invalid value ('{text}' is no size like 8G or 500M)")
        number = finite(found["number"])
        size = int(self._share(number, text) if found["percent"] else number * _UNITS[found["unit"].upper()])
        if not 0 < size <= _MAX_BYTES:
            raise ValueError(f"invalid value ('{text}' is not between 1 byte and 2**60)")
        return size

    def _share(self, percent: float, text: str) -> float:
        if self.whole is None:
            raise ValueError(f"invalid value ('{text}': only bytes are taken here, like 8G)")
        if percent > 100:
            raise ValueError(f"invalid value ('{text}' is more than there is)")
        whole = self.whole()
        if whole is None:
            raise ValueError(f"invalid value ('{text}': this machine does not tell its memory; give bytes)")
        return whole * percent / 100


@dataclass(frozen=True)
class Mebibytes:
    """An amount of memory in MiB, as llama-server takes it; -1: without bound."""

    metavar: str = "N"
    domain: str = "MiB, or -1"

    def read(self, text: str) -> int:
        """Return the bytes."""
        mebibytes = Integer(-1, _MAX_BYTES >> 20).read(text)
        assert mebibytes is not None, "no number is taken for none"
        return _MAX_BYTES if mebibytes < 0 else mebibytes << 20


@dataclass(frozen=True)
class IdleSeconds:
    """A time in whole seconds; -1 means never. The complaint is llama-server's."""

    metavar: str = "SECONDS"
    domain: str = "integer above 0, or -1"

    def read(self, text: str) -> float | None:
        """Return the seconds, None for never."""
        seconds = Integer(highest=INT_MAX).read(text)
        assert seconds is not None, "no number is taken for none"
        if seconds == -1:
            return None
        if seconds < 1:
            raise ValueError("invalid value: cannot be 0 or less than -1")
        return float(seconds)


@dataclass(frozen=True)
class BaseUrl:
    """The address of a server, without what stands behind a question mark; empty means "not set"."""

    metavar: str = "URL"
    domain: str = "http:// or https:// address"

    def read(self, text: str) -> str | None:
        """Return the address without a slash at its end. One with a key in it would be shown to clients."""
        if not text:
            return None
        try:
            parts = urlsplit(text)
            is_good = bool(parts.hostname) and (parts.port or 1) > 0
        except ValueError:
            is_good = False
        if (
            not is_good
            or parts.scheme not in ("http", "https")
            or not text.isascii()
            or len(text.split()) != 1
        ):
            raise ValueError("invalid value (an address like http://host:8080/v1 is needed)")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError("invalid value (the address may hold no key, query or fragment)")
        return text.rstrip("/")
