"""The thread of the slot files: every call of it has an outcome, whatever goes wrong."""

from __future__ import annotations

import fcntl
from concurrent.futures import Future

import numpy as np
import pytest

from corral.core.clock import MonotonicClock
from corral.core.errors import InternalError, InvalidRequestError
from corral.engine.slot_file import SlotContent, Taker, beside
from corral.engine.slot_files import Moved, SlotFiles

CONTENT = SlotContent(np.array([1, 2], np.int32), np.arange(9, dtype=np.uint8))


class TooMuch:
    """A state for which there is no memory."""

    def __array__(self, *_, **__):
        raise MemoryError


@pytest.fixture
def files():
    files = SlotFiles(Taker("print", 10, 16), MonotonicClock())
    yield files
    files.close()


def outcome(act, *arguments):
    found = Future()
    act(*arguments, found.set_result)
    return found.result(10)


def test_what_is_written_is_read_again(files, tmp_path):
    path = str(tmp_path / "a")

    written = outcome(files.write, path, CONTENT)
    read = outcome(files.read, path)

    assert isinstance(written, Moved)
    assert read.content.tokens.tolist() == [1, 2]
    assert read.n_bytes == written.n_bytes == (tmp_path / "a").stat().st_size


def test_a_folder_that_is_not_there_is_our_fault_and_a_name_too_long_the_client_s(files, tmp_path):
    lost = outcome(files.write, str(tmp_path / "no" / "a"), CONTENT)
    named = outcome(files.write, str(tmp_path / ("a" * 300)), CONTENT)

    assert isinstance(lost, InternalError)
    assert isinstance(named, InvalidRequestError)


def test_a_state_that_does_not_fit_into_memory_is_reported(files, tmp_path):
    found = outcome(files.write, str(tmp_path / "a"), SlotContent(CONTENT.tokens, TooMuch()))

    assert isinstance(found, InternalError)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_not_there_cannot_be_restored(files, tmp_path):
    assert isinstance(outcome(files.read, str(tmp_path / "a")), InvalidRequestError)


def test_half_a_file_that_a_killed_engine_left_is_removed_by_the_next_save(files, tmp_path):
    half = tmp_path / beside("0123456789abcdef")
    half.write_bytes(b"half of it")

    outcome(files.write, str(tmp_path / "a"), CONTENT)

    assert not half.exists()


def test_half_a_file_that_another_engine_is_writing_is_not(files, tmp_path):
    half = tmp_path / beside("0123456789abcdef")
    with half.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(b"half of it")
        file.flush()

        outcome(files.write, str(tmp_path / "a"), CONTENT)

        assert half.exists()
