"""The values of a header by name, as the kinds they should be; what is of another kind counts as absent."""

from __future__ import annotations

from collections.abc import Mapping

from corral.catalog.gguf_values import Unread, Value

_MAX_NUMBER = 2**32 - 1  # sizes are uint32 in llama-hparams.h


class Keys:
    """The pairs of a header. `number`, `numbers` and `flag` put the architecture in front of the key."""

    def __init__(self, pairs: Mapping[str, Value]) -> None:
        self._pairs = pairs
        self.architecture = self.text("general.architecture")

    def text(self, key: str) -> str:
        """Return a string, empty if there is none."""
        value = self._pairs.get(key)
        return value if isinstance(value, str) else ""

    def plain(self, key: str, default: int = 0) -> int:
        """Return the number under just this key."""
        return _size(self._pairs.get(key), default)

    def length(self, key: str) -> int:
        """Return how many elements a list has, 0 for none."""
        value = self._pairs.get(key)
        if isinstance(value, tuple):
            return len(value)
        return value.n if isinstance(value, Unread) else 0

    def has(self, key: str) -> bool:
        """Whether the header says something of `key`."""
        return f"{self.architecture}.{key}" in self._pairs

    def number(self, key: str, default: int = 0) -> int:
        """Return a size; of a list with one for each layer, the largest."""
        value = self._pairs.get(f"{self.architecture}.{key}")
        if isinstance(value, tuple):
            return max((_size(each, default) for each in value), default=default)
        return _size(value, default)

    def numbers(self, key: str, n: int, default: int = 0) -> tuple[int, ...]:
        """Return one size for each of `n` layers, whether the header has a list or one for all."""
        value = self._pairs.get(f"{self.architecture}.{key}")
        if not isinstance(value, tuple):
            return (_size(value, default),) * n
        sizes = [_size(each, default) for each in value[:n]]
        return (*sizes, *[default] * (n - len(sizes)))

    def flags(self, key: str) -> tuple[bool, ...] | None:
        """Return a list of switches, None if there is none, or nothing in it."""
        value = self._pairs.get(f"{self.architecture}.{key}")
        return tuple(map(bool, value)) or None if isinstance(value, tuple) else None

    def flag(self, key: str, *, default: bool) -> bool:
        """Return a switch."""
        value = self._pairs.get(f"{self.architecture}.{key}")
        return value if isinstance(value, bool) else default


def _size(value: Value | None, default: int) -> int:
    is_size = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MAX_NUMBER
    return int(value) if is_size and isinstance(value, int) else default
