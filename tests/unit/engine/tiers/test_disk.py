from __future__ import annotations

import os
import stat
import threading

import numpy as np
import pytest

from corral.engine.prefixes import Space
from corral.engine.slot_file import Taker
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

    def make(budget=10_000, taker=TAKER):
        tiers.append(DiskTier(str(tmp_path), budget, taker))
        return tiers[-1]

    yield make
    for tier in tiers:
        tier.close()


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
    if found[0] is None:
        tier.forget(number)
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
    (path.parent / ".corral-1.tmp").write_bytes(b"half")

    assert len(make_tier()) == 1
    assert (path.parent / "notes.txt").exists()
    assert not (path.parent / ".corral-1.tmp").exists()


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


def test_a_disk_that_fails_costs_nothing_but_the_copy(make_tier, tmp_path):
    tier = make_tier()
    tier.write(blob("hello"))
    tier.close()
    for path in files(tmp_path):
        path.unlink()
    again = make_tier()
    again.write(blob("hello"))
    again.close()

    assert len(files(tmp_path)) == 1
