"""Requests that wait for the same file: it is read once, for all who still want it."""

from __future__ import annotations

import threading
from collections import deque

import pytest

from corral.core.clock import MonotonicClock
from corral.core.engine_settings import EngineSettings
from corral.core.request import GenerationRequest
from corral.engine import slot_file
from corral.engine.fake import FakeRunner
from corral.engine.intake import Intake
from corral.engine.slot_file import Taker
from corral.engine.tiers.arrivals import Arrivals
from corral.engine.tiers.disk import DiskTier
from corral.engine.tiers.host import HostTier
from corral.engine.tiers.tiers import Tiers

CHATS = ["a" * 100, "b" * 100]


class Station:
    """Arrivals over a disk with two chats, whose thread stands still until it may `go`."""

    def __init__(self, folder, prepare):
        self._prepare = prepare
        before = Tiers(HostTier(None), DiskTier(folder, 10**6, Taker("fake", 300, 1024)))
        for text in CHATS:
            prepared = prepare("before", text)
            state = prepared.prompt.view("uint8").copy()
            before.keep(prepared.space, prepared.prompt, state)
        before.close()
        self._disk = DiskTier(folder, 10**6, Taker("fake", 300, 1024))
        self.tiers = Tiers(HostTier(None), self._disk)
        self._deeds = deque()
        self.arrivals = Arrivals(self.tiers, lambda _, act: self._deeds.append(act))
        self.resumed = []
        self._may_go = threading.Event()
        self._disk._thread.submit(self._may_go.wait)

    def expect(self, request_id, text):
        return self.arrivals.expect(self._prepare(request_id, text), 0, self._resume)

    def go(self):
        """Let the disk read, and the loop do what follows."""
        self._may_go.set()
        self._disk.flush()
        self.settle()

    def settle(self, n_most=None):
        while self._deeds and n_most != 0:
            self._deeds.popleft()()
            n_most = None if n_most is None else n_most - 1

    def _resume(self, prepared):
        self.resumed.append(prepared.request_id)
        return []

    def close(self):
        self._may_go.set()
        self._disk.close()


@pytest.fixture
def station(tmp_path):
    runner = FakeRunner(EngineSettings(n_parallel=1, n_ctx=1024))
    intake = Intake(runner.vocabulary, runner.facts, MonotonicClock(), is_shiftable=False)
    station = Station(
        str(tmp_path),
        lambda request_id, text: intake.prepare(GenerationRequest(request_id=request_id, prompt=[text])),
    )
    yield station
    station.close()


@pytest.fixture
def reads(monkeypatch):
    """The paths that were read."""
    paths = []
    true_read = slot_file.read
    monkeypatch.setattr(
        slot_file, "read", lambda path, *args, **how: (paths.append(path), true_read(path, *args, **how))[1]
    )
    return paths


def test_a_file_is_read_once_for_all_who_wait_for_it(station, reads):
    ids = [str(number) for number in range(32)]
    for request_id in ids:
        assert station.expect(request_id, CHATS[0] + request_id)

    station.go()

    assert len(reads) == 1
    assert station.resumed == ids
    assert station.arrivals.ids == []


def test_what_all_have_taken_back_is_not_read(station, reads):
    for request_id in ("x", "y"):
        station.expect(request_id, CHATS[0] + request_id)
    station.expect("z", CHATS[1] + "z")
    for request_id in ("x", "y"):
        station.arrivals.take(request_id)

    station.go()

    assert len(reads) == 1
    assert station.resumed == ["z"]


def test_who_comes_after_all_others_have_gone_is_waited_for(station, reads):
    station.expect("x", CHATS[0] + "x")
    station.arrivals.take("x")
    station.expect("y", CHATS[0] + "y")

    station.go()

    assert len(reads) == 1
    assert station.resumed == ["y"]


def test_one_that_goes_takes_nothing_from_those_that_stay(station, reads):
    for request_id in ("x", "y"):
        station.expect(request_id, CHATS[0] + request_id)
    station.arrivals.take("x")

    station.go()

    assert len(reads) == 1
    assert station.resumed == ["y"]


def test_who_goes_between_the_arrival_and_its_turn_does_not_go_on(station):
    for request_id in ("x", "y"):
        station.expect(request_id, CHATS[0] + request_id)
    station._may_go.set()
    station._disk.flush()
    station.settle(n_most=1)  # it has arrived
    station.arrivals.take("x")

    station.settle()

    assert station.resumed == ["y"]


def test_a_file_that_cannot_be_read_holds_nobody_up(station, monkeypatch):
    def fail(*_args, **_how):
        raise OSError

    monkeypatch.setattr(slot_file, "read", fail)
    for request_id in ("x", "y"):
        station.expect(request_id, CHATS[0] + request_id)

    station.go()

    assert station.resumed == ["x", "y"]
