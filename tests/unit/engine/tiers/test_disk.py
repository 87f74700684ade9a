from __future__ import annotations

import errno
import fcntl
import os
import shutil
import stat
import struct
import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from corral.engine import slot_file
from corral.engine.prefixes import Space
from corral.engine.slot_file import SlotContent, Taker
from corral.engine.tiers import disk
from corral.engine.tiers.blob import Blob
from corral.engine.tiers.disk import DiskTier, space_name

TAKER = Taker("f" * 32, 256, 1024)


def ids(text):
    return np.array(list(text.encode()), np.int32)


def blob(text, space=None):
    return Blob(space or Space(), ids(text), np.arange(100, dtype=np.uint8))


@pytest.fixture
def make_tier(tmp_path):
    tiers = []

    def make(budget=10_000, taker=TAKER, **how):
        tiers.append(DiskTier(str(tmp_path), budget, taker, **how))
        return tiers[-1]

    yield make
    for tier in tiers:
        tier.close()


def settle(tier):
    """Wait for what the thread has been given, and have it noted."""
    tier.flush()
    tier._settle()


def read_only(*_args, **_how):
    raise OSError(errno.EROFS, "Read-only file system")


def texts(content):
    return bytes(content.tokens.astype(np.uint8)).decode()


def plain_state(n_cells):
    """Return the state of a model without layers, as llama.cpp writes it."""
    cells = b"".join(struct.pack("<iIi", position, 1, 0) for position in range(n_cells))
    octets = struct.pack("<II", 1, n_cells) + cells + struct.pack("<II", 0, 0)
    return np.frombuffer(octets, np.uint8)


def files(tmp_path):
    return sorted(tmp_path.rglob("*.kv"))


def written(tier, *blobs):
    for each in blobs:
        tier.write(each)
    tier.close()


def read(tier, text, space=None):
    """Return what the best file for `text` holds."""
    space = space or Space()
    found, is_there = [], threading.Event()
    (number, *_) = sorted(tier.match(space, ids(text)).holders)
    tier.read(number, space, lambda blob: (found.append(blob), is_there.set()))
    assert is_there.wait(10)
    settle(tier)
    return found[0]


def test_a_prefix_outlives_the_process(make_tier):
    written(make_tier(), blob("hello world"))

    again = make_tier()

    assert again.match(Space(), ids("hello you")).n_tokens == 6
    assert read(again, "hello you").tokens.tolist() == list(b"hello world")
    assert read(again, "hello you").state.tolist() == list(range(100))


def test_another_model_finds_nothing(make_tier):
    written(make_tier(), blob("hello"))

    assert len(make_tier(taker=Taker("0" * 32, 256, 1024))) == 0


def test_another_caller_finds_nothing_and_no_name_tells_who_it_was(make_tier, tmp_path):
    space = Space("alice-key")
    written(make_tier(), blob("hello", space))

    assert make_tier().match(Space("bob"), ids("hello")).n_tokens == 0
    assert make_tier().match(space, ids("hello")).n_tokens == 5
    assert not any("alice" in str(path) for path in files(tmp_path))


def test_a_file_that_was_given_another_callers_name_is_not_taken(make_tier, tmp_path):
    written(make_tier(), blob("hello", Space("x")))
    (path,) = files(tmp_path)
    path.rename(path.with_name(f"{space_name(Space('y'))}-1.kv"))
    tier = make_tier()

    assert read(tier, "hello", Space("y")) is None
    assert len(tier) == 0
    assert not files(tmp_path)


@pytest.mark.parametrize("n_left", [0, 5, 12, 20, 60, 150])
def test_a_torn_file_is_ignored_and_removed(make_tier, tmp_path, n_left):
    written(make_tier(), blob("hello"))
    (path,) = files(tmp_path)
    path.write_bytes(path.read_bytes()[:n_left])
    tier = make_tier()

    if tier.match(Space(), ids("hello")).n_tokens:
        assert read(tier, "hello") is None

    assert len(tier) == 0
    tier.close()
    assert not files(tmp_path)


def test_every_flipped_byte_is_noticed(make_tier, tmp_path):
    written(make_tier(), blob("hello"))
    (path,) = files(tmp_path)
    whole = path.read_bytes()

    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        tier = make_tier()
        match = tier.match(Space(), ids("hello"))
        assert not match.n_tokens or read(tier, "hello") is None
        tier.close()
        path.unlink(missing_ok=True)


def test_foreign_files_and_links_are_left_alone_or_ignored(make_tier, tmp_path):
    written(make_tier(), blob("hello"))
    (path,) = files(tmp_path)
    (path.parent / "notes.txt").write_text("mine")
    (path.parent / "link.kv").symlink_to(path)

    assert len(make_tier()) == 1
    assert (path.parent / "notes.txt").exists()
    assert (path.parent / "link.kv").is_symlink()


@pytest.mark.parametrize("beside", [".", "0" * 32])
def test_half_a_file_goes_unless_somebody_is_writing_it(make_tier, tmp_path, beside):
    folder = tmp_path / TAKER.fingerprint / beside if beside == "." else tmp_path / beside
    folder.mkdir(parents=True)
    left, written_now, begun_now = (folder / slot_file.beside(mark) for mark in "abc")
    for path in (left, written_now):
        path.write_bytes(b"half")
    os.utime(written_now, (1, 1))  # its disk is very slow
    begun_now.touch()

    with written_now.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        make_tier()

    assert sorted(folder.iterdir()) == [written_now, begun_now]
    make_tier()
    assert list(folder.iterdir()) == [begun_now]


def test_what_is_being_written_is_locked(make_tier, tmp_path, monkeypatch):
    """The next start would remove it otherwise."""
    seen = []

    def starts_meanwhile(_fd):
        seen.append(len(make_tier()))

    monkeypatch.setattr(os, "fsync", starts_meanwhile)

    written(make_tier(), blob("hello"))

    assert seen == [0]
    assert len(files(tmp_path)) == 1


def test_half_a_file_that_cannot_be_locked_goes_when_it_is_old(make_tier, tmp_path, monkeypatch):
    def no_locks(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    folder = tmp_path / TAKER.fingerprint
    folder.mkdir()
    old, young = folder / slot_file.beside("a"), folder / slot_file.beside("b")
    for path in (old, young):
        path.write_bytes(b"half")
    os.utime(old, (1, 1))

    make_tier()

    assert list(folder.iterdir()) == [young]


def make_folder(path, *names, age_s=0.0):
    """Make a folder with a file of each name, used so long ago."""
    path.mkdir()
    for name in names:
        (path / name).write_bytes(b"x")
        os.utime(path / name, (time.time() - age_s,) * 2)
    return path


KV = f"{'a' * 16}-{'b' * 16}.kv"
MONTH_S = 31 * 24 * 3600.0


def test_folders_of_models_that_nobody_used_for_weeks_go(make_tier, tmp_path):
    old = make_folder(tmp_path / ("0" * 32), KV, age_s=MONTH_S)
    used = make_folder(tmp_path / ("1" * 32), KV, age_s=MONTH_S)
    (used / f"{'c' * 16}-{'d' * 16}.kv").touch()

    make_tier()

    assert not old.exists()
    assert len(list(used.iterdir())) == 2


def test_nothing_is_removed_that_is_not_ours_however_old(make_tier, tmp_path):
    mixed = make_folder(tmp_path / ("0" * 32), KV, "photo.jpg", "a-b.kv", age_s=MONTH_S)
    foreign = make_folder(tmp_path / "photos", KV, age_s=MONTH_S)
    empty = make_folder(tmp_path / ("1" * 32))
    link = tmp_path / ("2" * 32)
    link.symlink_to(foreign)

    make_tier()

    assert sorted(path.name for path in mixed.iterdir()) == ["a-b.kv", "photo.jpg"]
    assert (foreign / KV).exists()
    assert empty.exists()
    assert link.is_symlink()


def test_the_least_recently_used_files_go_when_the_budget_is_spent(make_tier, tmp_path):
    tier = make_tier(budget=3 * 120)
    for text in ("first", "other", "third"):
        tier.write(blob(text))
    read(tier, "first")

    tier.write(blob("fours"))
    tier.close()

    assert tier.match(Space(), ids("first")).n_tokens == 5
    assert tier.match(Space(), ids("other")).n_tokens == 0
    assert len(files(tmp_path)) == 3


def test_a_smaller_budget_of_the_next_start_is_kept(make_tier, tmp_path):
    written(make_tier(), *map(blob, ("first", "other", "third")))
    for age, path in enumerate(files(tmp_path)):
        os.utime(path, (age, age))

    tier = make_tier(budget=files(tmp_path)[0].stat().st_size * 2)
    tier.close()

    assert len(files(tmp_path)) == len(tier) == 2


def test_what_a_file_covers_is_not_written_again(make_tier, tmp_path):
    tier = make_tier()

    written(tier, blob("hello world"), blob("hello"))

    assert len(files(tmp_path)) == 1


def test_files_are_for_their_owner_alone(make_tier, tmp_path):
    written(make_tier(), blob("hello"))
    (path,) = files(tmp_path)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_write_that_fails_is_forgotten_and_the_next_is_tried(make_tier, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    tier = make_tier()
    with monkeypatch.context() as patch:
        patch.setattr(slot_file, "write", full)
        tier.write(blob("hello"))
        settle(tier)
    assert not tier.is_behind
    assert (len(tier), tier.n_bytes) == (0, 0)

    written(tier, blob("hello"))

    assert len(files(tmp_path)) == len(tier) == 1


def test_a_write_that_fails_leaves_what_it_was_to_replace(make_tier, tmp_path, monkeypatch):
    tier = make_tier()
    tier.write(blob("hello"))
    settle(tier)
    with monkeypatch.context() as patch:
        patch.setattr(slot_file, "write", read_only)
        tier.write(blob("hello world"))
        settle(tier)

    assert read(tier, "hello world").tokens.tolist() == list(b"hello")
    assert (len(tier), len(files(tmp_path))) == (1, 1)
    written(tier, blob("hello world"))
    assert len(files(tmp_path)) == len(tier) == 1


def test_what_comes_back_as_a_write_failed_has_to_fit_too(make_tier, tmp_path, monkeypatch):
    written(make_tier(is_trimmable=False), blob("a"), blob("ab"), blob("abc"))
    true_write = slot_file.write
    monkeypatch.setattr(
        slot_file, "write", lambda path, *of: read_only() if "abcd" in texts(of[0]) else true_write(path, *of)
    )
    n_bytes = sum(path.stat().st_size for path in files(tmp_path))
    tier = make_tier(budget=n_bytes + 20)

    written(tier, Blob(Space(), ids("abcd"), np.zeros(200, np.uint8)), blob("other"))

    assert tier.n_bytes == sum(file.n_bytes for file in tier._files.values()) <= n_bytes + 20
    assert len(files(tmp_path)) == len(tier) == 3
    assert tier.match(Space(), ids("abc")).n_tokens == 3


@pytest.mark.parametrize("error", [OSError(errno.EMFILE, "Too many open files"), MemoryError()])
def test_a_file_that_cannot_be_read_now_is_read_another_time(make_tier, monkeypatch, error):
    def fail(*_):
        raise error

    written(make_tier(), blob("hello"))
    tier = make_tier()
    with monkeypatch.context() as patch:
        patch.setattr(slot_file, "_octets", fail)
        assert read(tier, "hello") is None

    assert read(tier, "hello").tokens.tolist() == list(b"hello")


def test_a_reading_that_has_not_begun_can_be_taken_back(make_tier):
    written(make_tier(), blob("hello"))
    tier, may_go, found = make_tier(), threading.Event(), []
    tier._thread.submit(may_go.wait)
    (number,) = tier.match(Space(), ids("hello")).holders

    cancel = tier.read(number, Space(), found.append)

    assert cancel()
    may_go.set()
    tier.flush()
    assert found == []
    assert read(tier, "hello") is not None


def test_a_folder_that_is_removed_while_it_is_used_costs_what_was_in_it(make_tier, tmp_path):
    tier = make_tier()
    tier.write(blob("hello"))
    settle(tier)
    shutil.rmtree(tmp_path / TAKER.fingerprint)

    assert read(tier, "hello") is None
    written(tier, blob("other"))

    assert tier.match(Space(), ids("hello")).n_tokens == 0
    assert len(files(tmp_path)) == 1


def test_a_disk_that_is_read_only_is_still_read(make_tier, monkeypatch):
    written(make_tier(), blob("hello"))
    tier = make_tier()
    for name in ("utime", "unlink"):
        monkeypatch.setattr(os, name, read_only)

    assert read(tier, "hello").tokens.tolist() == list(b"hello")


def test_a_torn_file_that_cannot_be_removed_is_answered_too(make_tier, tmp_path, monkeypatch):
    written(make_tier(), blob("hello"))
    (path,) = files(tmp_path)
    path.write_bytes(path.read_bytes()[:-1])
    tier = make_tier()
    monkeypatch.setattr(os, "unlink", read_only)

    assert read(tier, "hello") is None


def test_a_file_without_a_seal_is_not_taken_whatever_its_name(make_tier, tmp_path):
    tier = make_tier()
    space = space_name(Space())
    state = plain_state(5)
    path = tmp_path / TAKER.fingerprint / f"{space}-1.kv"
    slot_file.write(str(path), SlotContent(ids("hello"), state), "any")
    octets = path.read_bytes()
    path.write_bytes(octets[: 12 + 5 * 4 + len(state)])

    assert slot_file.read(str(path), TAKER).tokens.tolist() == list(b"hello")
    assert read(make_tier(), "hello") is None
    assert len(tier) == 0


def test_what_another_process_removed_is_done_without(make_tier):
    written(make_tier(), blob("hello"))
    here, other = make_tier(), make_tier(budget=1)

    assert len(other) == 0
    other.close()

    assert read(here, "hello") is None
    assert len(here) == 0


def test_two_processes_leave_each_others_files_alone(make_tier, tmp_path):
    here, other = make_tier(), make_tier()

    written(here, blob("hello"))
    written(other, blob("hello"), blob("other"))

    assert len(files(tmp_path)) == 3
    assert len(make_tier()) == 3


def test_a_longer_prefix_takes_the_place_of_the_files_that_it_covers(make_tier, tmp_path):
    tier = make_tier()

    written(tier, blob("hello"), blob("hello world"))

    assert (len(files(tmp_path)), len(tier)) == (1, 1)


def test_a_model_that_cannot_be_cut_keeps_both_and_takes_whole_files_only(make_tier, tmp_path):
    tier = make_tier(is_trimmable=False)

    written(tier, blob("hello"), blob("hello world"), blob("hello"))

    assert len(files(tmp_path)) == 2
    assert tier.match(Space(), ids("hello wo")).n_tokens == 5
    assert tier.match(Space(), ids("hell")).n_tokens == 0


def test_what_is_longer_than_the_context_waits_for_a_larger_one(make_tier, tmp_path):
    written(make_tier(), blob("hello world"))

    small = make_tier(taker=replace(TAKER, n_ctx=8))

    assert small.match(Space(), ids("hello world")).n_tokens == 0
    assert small.n_bytes == files(tmp_path)[0].stat().st_size
    assert make_tier().match(Space(), ids("hello world")).n_tokens == 11


def test_a_disk_that_is_slower_than_what_comes_says_so(make_tier, monkeypatch):
    monkeypatch.setattr(disk, "MAX_UNWRITTEN_BYTES", 150)
    may_go = threading.Event()
    tier = make_tier()
    tier._thread.submit(may_go.wait)

    tier.write(blob("hello"))
    assert not tier.is_behind
    tier.write(blob("other"))
    assert tier.is_behind

    may_go.set()
    settle(tier)
    assert not tier.is_behind
