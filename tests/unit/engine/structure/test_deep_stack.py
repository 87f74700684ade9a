"""Calls that take too long are given up, and not many of them."""

import threading

import pytest

from corral.engine.structure.deep_stack import MAX_GIVEN_UP, DeepStack, OverloadError


def test_result_and_error_come_back():
    stack = DeepStack()

    assert stack.call(lambda: 7, 10) == 7
    with pytest.raises(ZeroDivisionError):
        stack.call(lambda: 1 // 0, 10)


def test_no_more_is_begun_while_too_much_goes_on_for_nobody():
    stack, gate, ended = DeepStack(), threading.Event(), threading.Semaphore(0)

    def work():
        gate.wait()
        ended.release()

    for _ in range(MAX_GIVEN_UP):
        with pytest.raises(TimeoutError):
            stack.call(work, 0.01)
    with pytest.raises(OverloadError):
        stack.call(lambda: 7, 10)
    gate.set()
    for thread in threading.enumerate():
        if thread.name == "deep":
            thread.join()

    assert stack.call(lambda: 7, 10) == 7
