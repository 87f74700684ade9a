"""Calls on a thread with room for deep recursion."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

# llguidance recurses along chains of rules, 2 to 12 kB of stack for each link: without room for the longest
# chain that a text of the largest size can hold, the process would end. Untouched pages cost nothing.
STACK_BYTES = 512 * 1024 * 1024
MAX_GIVEN_UP = 2

T = TypeVar("T")


class OverloadError(Exception):
    """Too many calls that were given up are still running."""


class DeepStack:
    """Makes calls one at a time, each on a thread with a large stack. Used by one thread."""

    def __init__(self) -> None:
        self._given_up: list[threading.Thread] = []

    def call(self, function: Callable[[], T], timeout_s: float) -> T:
        """Return what `function` returns, or raise what it raises.

        Raises TimeoutError when that takes longer than `timeout_s`; the thread is then left to itself, and
        OverloadError once `MAX_GIVEN_UP` of these are still at work: each has a core and grows.
        """
        self._given_up = [thread for thread in self._given_up if thread.is_alive()]
        if len(self._given_up) >= MAX_GIVEN_UP:
            raise OverloadError
        outcome: Future[T] = Future()
        thread = _started(outcome, function)
        try:
            return outcome.result(timeout_s)
        except TimeoutError:
            self._given_up.append(thread)
            raise


def _started(outcome: Future[T], function: Callable[[], T]) -> threading.Thread:
    former = threading.stack_size(STACK_BYTES)
    try:
        thread = threading.Thread(target=_settle, args=(outcome, function), name="deep", daemon=True)
        thread.start()
    finally:
        threading.stack_size(former)
    return thread


def _settle(outcome: Future[T], function: Callable[[], T]) -> None:
    try:
        outcome.set_result(function())
    except BaseException as error:  # noqa: BLE001 - it is raised again where the call was made
        outcome.set_exception(error)
