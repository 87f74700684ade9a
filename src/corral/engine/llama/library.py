"""The llama.cpp library itself: started once, its messages on our log."""

from __future__ import annotations

import ctypes
from collections import deque
from collections.abc import Callable
from typing import Any

import llama_cpp

from corral.core import log

_GGML_WARN, _GGML_ERROR, _GGML_CONT = 3, 4, 5  # enum ggml_log_level, ggml.h

NUMA_STRATEGIES = {"distribute": 1, "isolate": 2, "numactl": 3}  # enum ggml_numa_strategy, ggml-cpu.h

_KEPT: list[object] = []  # callbacks that C points to; it may log at any time, also after `close`

_log = log.get("llama")


class Library:
    """The library's process-wide state. Make one; `last_errors` tells why a call returned NULL.

    `numa` says where threads run on a machine of several NUMA nodes; no model is loaded before.
    """

    def __init__(self, numa: str | None = None) -> None:
        self.last_errors: deque[str] = deque(maxlen=5)
        self._callback = llama_cpp.llama_log_callback(self._on_message)
        _KEPT.append(self._callback)
        llama_cpp.llama_log_set(self._callback, ctypes.c_void_p(0))
        llama_cpp.llama_backend_init()
        if numa is not None:
            llama_cpp.llama_numa_init(NUMA_STRATEGIES[numa])

    @property
    def build(self) -> str:
        """Return the library's version; clients know llama-server's by the letter in front."""
        return f"b{llama_cpp.llama_version().decode()}-llama-cpp-python-{llama_cpp.__version__}"

    def listen_to(self, log_set: Callable[[Any, Any], None]) -> None:
        """Have the messages of a library beside this one on the log too, by its function that sets one."""
        log_set(self._callback, ctypes.c_void_p(0))

    def close(self) -> None:
        """Free the backend. The log callback stays: other threads of the library may still speak."""
        llama_cpp.llama_backend_free()

    def _on_message(self, level: int, text: bytes, _user_data: object) -> None:
        message = text.decode("utf-8", "replace").strip()
        if not message or level == _GGML_CONT:
            return
        if level == _GGML_ERROR:
            self.last_errors.append(message)
            _log.error("llama.message", text=message)
        elif level == _GGML_WARN:
            _log.warning("llama.message", text=message)
        else:
            _log.debug("llama.message", text=message)
