"""Kinds of values that say on what the model runs: CPUs, devices, proportions, pairs of a file's header."""

from __future__ import annotations

import re
from dataclasses import dataclass

from corral.config.kinds import SWITCH, Integer, Value, finite

MAX_CPUS = 512  # GGML_MAX_N_THREADS, ggml.h
_MAX_DIGITS = MAX_CPUS // 4
_TYPED = r"[^=,]+=(?:int|float|bool|str):"
_BETWEEN_PAIRS = re.compile(rf",(?={_TYPED})")
_MAX_BYTES = 127  # char key[128], char val_str[128] in llama_model_kv_override, llama.h


@dataclass(frozen=True)
class CpuMask:
    """CPUs as the bits of a hexadecimal number; the lowest is CPU 0."""

    metavar: str = "M"
    domain: str = "hexadecimal number, at most 128 digits"

    def read(self, text: str) -> tuple[int, ...]:
        """Return the CPUs, lowest first."""
        digits = text.removeprefix("0x")
        if not re.fullmatch(r"[0-9a-fA-F]*", digits, re.ASCII):
            raise ValueError(f"invalid cpumask ('{text}' is no hexadecimal number)")
        if len(digits) > _MAX_DIGITS:
            raise ValueError(f"invalid cpumask (more than {_MAX_DIGITS} digits)")
        bits = int(digits or "0", 16)
        return tuple(cpu for cpu in range(MAX_CPUS) if bits >> cpu & 1)


@dataclass(frozen=True)
class CpuRange:
    """CPUs from the first to the last, either of which may be left out."""

    metavar: str = "lo-hi"
    domain: str = "lo-hi, -hi or lo-, each below 512"

    def read(self, text: str) -> tuple[int, ...]:
        """Return the CPUs, lowest first."""
        match = re.fullmatch(r"([0-9]{0,3})-([0-9]{0,3})", text, re.ASCII)
        if not match or text == "-":
            raise ValueError(f"invalid range ('{text}' is not lo-hi)")
        first, last = int(match[1] or 0), int(match[2] or MAX_CPUS - 1)
        if not first <= last < MAX_CPUS:
            raise ValueError(f"invalid range ({first}-{last} is not within 0-{MAX_CPUS - 1})")
        return tuple(range(first, last + 1))


@dataclass(frozen=True)
class Proportions:
    """Numbers of 0 or more between commas or slashes."""

    metavar: str = "N0,N1,..."
    domain: str = "numbers, separated by commas"

    def read(self, text: str) -> tuple[float, ...]:
        """Return the numbers."""
        numbers = tuple(map(finite, re.split(r"[,/]+", text)))
        if min(numbers) < 0:
            raise ValueError(f"invalid value ({min(numbers):g} is negative)")
        return numbers


@dataclass(frozen=True)
class TensorPlaces:
    """PATTERN=BUFFER between commas: a regular expression of tensor names and a buffer type."""

    metavar: str = "PATTERN=BUFFER,..."
    domain: str = "pairs, separated by commas"

    def read(self, text: str) -> tuple[tuple[str, str], ...]:
        """Return the pairs."""
        pairs = [item.partition("=") for item in text.split(",")]
        if not all(pattern and buffer for pattern, _, buffer in pairs):
            raise ValueError(f"invalid value ('{text}' is not PATTERN=BUFFER)")
        return tuple((pattern, buffer) for pattern, _, buffer in pairs)


@dataclass(frozen=True)
class HeaderValues:
    """KEY=TYPE:VALUE between commas; a value of type str may hold commas itself."""

    metavar: str = "KEY=TYPE:VALUE,..."
    domain: str = "TYPE is int, float, bool or str"

    def read(self, text: str) -> tuple[tuple[str, Value], ...]:
        """Return keys and values."""
        return tuple(_header_value(item) for item in _BETWEEN_PAIRS.split(text))


def _header_value(item: str) -> tuple[str, Value]:
    if not re.match(_TYPED, item):
        raise ValueError(f"error: Invalid type for KV override: {item}")
    key, _, typed = item.partition("=")
    kind, _, text = typed.partition(":")
    if max(len(key.encode()), len(text.encode())) > _MAX_BYTES:
        raise ValueError(f"error: Invalid type for KV override: {item} (longer than {_MAX_BYTES} bytes)")
    return key, _typed(kind, text, item)


def _typed(kind: str, text: str, item: str) -> Value:
    match kind:
        case "int":
            return Integer(-(2**63), 2**63 - 1).read(text)
        case "float":
            return finite(text)
        case "bool" if text in ("true", "false"):
            return SWITCH.read(text)
        case "str":
            return text
        case _:
            raise ValueError(f"error: Invalid type for KV override: {item} (true or false was expected)")


@dataclass(frozen=True)
class LayerRange:
    """Two layers, START:END; for options with `n_values=2`. 0 and below: the first, the last."""

    metavar: str = "START END"
    domain: str = "two integers"

    def read(self, text: str) -> tuple[int, int]:
        """Return both."""
        start, _, end = text.partition(":")
        layers = Integer(highest=2**15)
        first, last = layers.read(start) or 0, layers.read(end) or 0
        if 0 < last < first:
            raise ValueError(f"invalid value (layer {last} comes before layer {first})")
        return first, last


@dataclass(frozen=True)
class Reciprocal:
    """A factor whose reciprocal the setting holds."""

    metavar: str = "N"
    domain: str = "number above 0"

    def read(self, text: str) -> float:
        """Return 1/N."""
        number = finite(text)
        if not 1e-6 <= number <= 1e6:
            raise ValueError(f"invalid value ({number:g} is not in 1e-06..1e+06)")
        return 1 / number
