"""What stands at the start of a safetensors file, read without trust.

The format: 8 bytes, little-endian, give the length of a JSON object that follows; it maps the name of each
tensor to its type, its shape and where its bytes lie after the object (the format's README, version 0.5).
"""

from __future__ import annotations

import math
from pathlib import Path

import msgspec

from corral.core.errors import ModelLoadError

# The limit of the format's own reader.
MAX_HEADER_BYTES = 100_000_000
_LENGTH_BYTES = 8
_MAX_DIMS = 16
_MAX_VALUES_PER_BYTE = 8


class Tensor(msgspec.Struct, frozen=True):
    """`data_offsets`: the first byte, and the first that is no longer its own, counted after the header."""

    dtype: str
    shape: tuple[int, ...]
    data_offsets: tuple[int, int]

    @property
    def n_values(self) -> int:
        """How many numbers it holds."""
        return math.prod(self.shape)


def read_safetensors(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a file by name.

    Raises:
        ModelLoadError: it cannot be read, is none, or is shorter than its header says.
    """
    try:
        with path.open("rb") as file:
            n_bytes = path.stat().st_size
            n_header = int.from_bytes(file.read(_LENGTH_BYTES), "little")
            _check_length(path, n_header, n_bytes)
            tensors = _tensors(file.read(n_header))
    except OSError as error:
        raise ModelLoadError(f"cannot read {path.name}: {error.strerror or error}") from error
    # RecursionError: objects in objects in objects.
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ModelLoadError(f"{path.name} is no safetensors file: {error}") from error
    _check_extent(path, tensors, n_bytes - _LENGTH_BYTES - n_header)
    return tensors


def _check_length(path: Path, n_header: int, n_bytes: int) -> None:
    if n_bytes < _LENGTH_BYTES or n_header > MAX_HEADER_BYTES:
        raise ModelLoadError(f"{path.name} is no safetensors file")
    if n_header > n_bytes - _LENGTH_BYTES:
        raise ModelLoadError(f"{path.name} is cut off, or still being copied")


def _tensors(header: bytes) -> dict[str, Tensor]:
    entries = msgspec.json.decode(header, type=dict[str, msgspec.Raw])
    entries.pop("__metadata__", None)
    decoder = msgspec.json.Decoder(Tensor)
    return {name: decoder.decode(entry) for name, entry in entries.items()}


def _check_extent(path: Path, tensors: dict[str, Tensor], n_data: int) -> None:
    for tensor in tensors.values():
        first, end = tensor.data_offsets
        is_possible = min((first, *tensor.shape)) >= 0 and len(tensor.shape) <= _MAX_DIMS
        if not is_possible or tensor.n_values > (end - first) * _MAX_VALUES_PER_BYTE:
            raise ModelLoadError(f"{path.name} is no safetensors file: a tensor lies at {first} to {end}")
        if end > n_data:
            raise ModelLoadError(f"{path.name} is cut off, or still being copied")
