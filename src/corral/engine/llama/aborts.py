"""What ggml says before it ends the process: an assertion of its own has failed (GGML_ASSERT, GGML_ABORT).

Without a listener it prints that, and hundreds of lines of stack that a debugger gathers for seconds.
"""

from __future__ import annotations

import contextlib
import ctypes
import re
from collections.abc import Callable, Iterator

from corral.core import log
from corral.engine.llama.symbols import function

_Callback = ctypes.CFUNCTYPE(None, ctypes.c_char_p)
_set_callback = function("ggml_set_abort_callback", ctypes.c_void_p, _Callback)

_KEPT: list[object] = []  # callbacks that C points to
_LOADING: list[str] = []  # what is being loaded, the latest last: the whole process has one loading thread

_log = log.get("llama")


@contextlib.contextmanager
def loading(what: str) -> Iterator[None]:
    """Name what is being loaded, for the reason of an abort meanwhile."""
    _LOADING.append(what)
    try:
        yield
    finally:
        _LOADING.pop()


def on_abort(tell: Callable[[str], None]) -> None:
    """Have `tell` called with a sentence, on whichever thread it is; the process ends when it returns."""

    def say(message: bytes) -> None:
        sentence = _sentence(message.decode("utf-8", "replace"))
        _log.error("llama.abort", text=sentence)
        tell(sentence)

    _KEPT.append(_Callback(say))
    _set_callback(_KEPT[-1])


def _sentence(message: str) -> str:
    """Return what failed, without the path of the machine that compiled it."""
    reason = re.sub(r"^\S*/", "", message)
    if not _LOADING:
        return f"llama.cpp gave up: {reason}"
    return f"failed to load {_LOADING[-1]}: llama.cpp gave up, a value in it or an option is unfit: {reason}"
