"""Calls on a thread with room for deep recursion."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

# llguidance recurses along chains of rules, 2 to 12 kB of stack for each link: without room for the longest
# chain that a text of the largest size can hold, the process would end. Untouched pages cost nothing.
STACK_BYTES = 512 * 1024 * 1024

T = TypeVar("T")


def call_deep(function: Callable[[], T], timeout_s: float) -> T:
    """Return what `function` returns, or raise what it raises, from a thread with a large stack.

    Raises TimeoutError when that takes longer than `timeout_s`; the thread is then left to itself.
    """
    outcome: Future[T] = Future()
    former = threading.stack_size(STACK_BYTES)
    try:
        thread = threading.Thread(target=_settle, args=(outcome, function), name="deep", daemon=True)
        thread.start()
    finally:
        threading.stack_size(former)
    return outcome.result(timeout_s)


def _settle(outcome: Future[T], function: Callable[[], T]) -> None:
    try:
        outcome.set_result(function())
    except BaseException as error:  # noqa: BLE001 - it is raised again where the call was made
        outcome.set_exception(error)
