"""The folder in main memory: whose it is, how long it is there, and which engines are told of it."""

from __future__ import annotations

import fcntl
import os
import stat

import pytest

from corral.core.engine_settings import EngineSettings, TierSettings
from corral.gateway.parking import PREFIX, Parking


def folders(root):
    return [path.name for path in root.iterdir()]


def test_an_engine_is_told_of_a_folder_for_this_user_alone(tmp_path):
    with Parking(10_000, tmp_path) as parking:
        tiers = parking.told(EngineSettings()).tiers

        assert tiers.is_parking
        assert tiers.disk_dir == str(parking.folder)
        assert tiers.disk_bytes == 10_000
        assert stat.S_IMODE(parking.folder.stat().st_mode) == 0o700


def test_by_default_it_is_a_part_of_main_memory_and_of_what_is_free_there(tmp_path):
    with Parking(None, tmp_path) as parking:
        free_bytes = os.statvfs(tmp_path).f_bavail * os.statvfs(tmp_path).f_frsize

        assert 0 < parking.told(EngineSettings()).tiers.disk_bytes <= free_bytes // 2 + 10**8


@pytest.mark.parametrize(
    "tiers",
    [TierSettings(disk_bytes=5, disk_dir="prefixes"), TierSettings(host_bytes=0)],
    ids=["disk", "no host"],
)
def test_an_engine_with_a_disk_or_without_host_memory_parks_nothing(tmp_path, tiers):
    with Parking(10_000, tmp_path) as parking:
        assert parking.told(EngineSettings(tiers=tiers)).tiers == tiers


def test_the_folder_goes_with_the_server_and_what_is_in_it_too(tmp_path):
    with Parking(10_000, tmp_path) as parking:
        (parking.folder / "prefix.kv").write_bytes(b"x")
        parking.close()

        assert folders(tmp_path) == []
        assert parking.told(EngineSettings()) == EngineSettings()


def test_what_a_killed_server_left_is_removed_and_what_a_living_one_has_is_not(tmp_path):
    killed = tmp_path / f"{PREFIX}killed"
    (killed / "model").mkdir(parents=True)
    (killed / "model" / "prefix.kv").write_bytes(b"x")
    (tmp_path / f"{PREFIX}file").write_bytes(b"not ours")
    with Parking(10_000, tmp_path) as first, Parking(10_000, tmp_path) as second:
        left = folders(tmp_path)

        assert sorted(left) == sorted([first.folder.name, second.folder.name, f"{PREFIX}file"])


def test_a_link_to_a_folder_is_left_alone(tmp_path):
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "file").write_bytes(b"dear")
    root = tmp_path / "root"
    root.mkdir()
    (root / f"{PREFIX}link").symlink_to(theirs)

    with Parking(10_000, root):
        pass

    assert (theirs / "file").exists()


def test_a_folder_that_another_server_took_for_an_abandoned_one_is_made_anew(tmp_path, monkeypatch):
    true_lock, n_calls = fcntl.flock, []

    def lock_late(fd, how):
        n_calls.append(how)
        if len(n_calls) == 1:
            next(tmp_path.iterdir()).rmdir()
        true_lock(fd, how)

    monkeypatch.setattr(fcntl, "flock", lock_late)
    with Parking(10_000, tmp_path) as parking:
        assert parking.folder.exists()
    assert len(n_calls) == 2


@pytest.mark.parametrize("budget", [0, None])
def test_without_a_budget_or_a_place_nothing_is_parked(tmp_path, budget):
    root = tmp_path if budget == 0 else tmp_path / "no such folder"

    with Parking(budget, root) as parking:
        assert parking.told(EngineSettings()) == EngineSettings()
    assert folders(tmp_path) == []
