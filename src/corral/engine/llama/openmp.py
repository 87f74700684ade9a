"""The threads that OpenMP keeps for the next graph, where llama.cpp was built with it."""

from __future__ import annotations

import ctypes

from corral.engine.llama.symbols import function

_SOFT = 1  # omp_pause_soft: let threads go, keep settings (OpenMP 5.0, 3.6 omp_pause_resource_all)

try:
    _pause = function("omp_pause_resource_all", ctypes.c_int, ctypes.c_int)
except AttributeError:  # built without OpenMP: ggml starts the threads of each graph itself
    _pause = None


def end_threads() -> None:
    """End the threads that have computed for the calling thread. The next graph starts as many as it wants.

    A team that grows smaller may leave the others behind, where they wait, some builds by spinning, on cores
    that are no longer ours.
    """
    if _pause is not None:
        _pause(_SOFT)
