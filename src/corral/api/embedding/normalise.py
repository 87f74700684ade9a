"""The length that vectors are given: llama-server's `--embd-normalize` and `embd_normalize`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from corral.api.embedding.types import NOT_NORMALISED

Vectors = npt.NDArray[np.float32]

MAX_ABSOLUTE = 0
_INT16 = 32760.0  # what the largest number becomes under MAX_ABSOLUTE, as llama.cpp has it


def array(raw: list[bytes], width: int) -> Vectors:
    """Return the vectors [n, width] whose little-endian float32 numbers `raw` holds."""
    return np.frombuffer(b"".join(raw), "<f4").reshape(-1, width)


def normalised(vectors: Vectors, norm: int) -> Vectors:
    """Return `vectors` [n, width] divided by their norm: -1 none, 0 the largest number becomes 32760, else p.

    1 is the taxicab norm, 2 the Euclidean. A vector of nothing but zeros stays as it is.
    """
    if norm == NOT_NORMALISED:
        return vectors
    exact = vectors.astype(np.float64)
    largest = np.abs(exact).max(axis=1, keepdims=True, initial=0.0)
    largest[largest == 0] = 1.0
    if norm == MAX_ABSOLUTE:
        return np.asarray(exact / largest * _INT16, np.float32)
    # Scaled by the largest number, so that no power overflows.
    scaled = exact / largest
    sums = (np.abs(scaled) ** norm).sum(axis=1, keepdims=True)
    sums[sums == 0] = 1.0
    return np.asarray(scaled / sums ** (1 / norm), np.float32)
