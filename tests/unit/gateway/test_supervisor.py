"""How long an engine that is unloaded may take to be gone: played engines, a clock turned by hand."""

from __future__ import annotations

import asyncio

import pytest

from corral.core.engine_settings import EngineSettings, TierSettings
from corral.core.messages import Load
from corral.gateway.supervisor import ABORT_GRACE_S, SAVE_GRACE_S, Supervisor
from tests import fake_engines
from tests.fake_engines import FakeEngines, VirtualLoop

DISK = TierSettings(disk_bytes=10**9, disk_dir="prefixes")


class Stage:
    """One model that is ready, under a supervisor."""

    def __init__(self, tiers):
        self.loop = VirtualLoop()
        self.engines = FakeEngines()
        self.supervisor = Supervisor(hang_s=600.0, clock=self.loop)
        self.supervisor._spare = self.engines
        self._stop = asyncio.Event()
        self._living = self.loop.create_task(self._live())
        self.loop.advance()
        self.worker = self.supervisor.launch("a", Load("fake", "a", EngineSettings(tiers=tiers)))
        self.loop.advance(5.0)

    async def _live(self):
        async with self.supervisor:
            await self._stop.wait()

    def gone_after(self, limit_s):
        """Unload it; return after how long it was gone."""
        self.supervisor.begin_unload("a", within_s=0.0)
        began_s = self.loop.time()
        while not self.worker.gone.is_set():
            self.loop.advance(0.5)
            assert self.loop.time() - began_s <= limit_s
        return self.loop.time() - began_s

    def close(self):
        self._stop.set()
        self.loop.advance(60.0)
        assert self._living.done()
        assert self.loop.faults == []
        self.loop.close()


@pytest.fixture
def stage_of(monkeypatch):
    monkeypatch.setattr(fake_engines, "HEARTBEAT_S", 1.0)
    stages = []

    def build(tiers, ending_s):
        stages.append(Stage(tiers))
        stages[-1].engines.ending_s = ending_s
        return stages[-1]

    yield build
    for stage in stages:
        stage.close()


def test_an_engine_that_has_nothing_to_save_is_killed_soon(stage_of):
    stage = stage_of(TierSettings(), ending_s=10.0)

    assert stage.gone_after(60.0) == pytest.approx(ABORT_GRACE_S, abs=0.6)


def test_an_engine_that_saves_what_it_held_may_take_its_time(stage_of):
    stage = stage_of(DISK, ending_s=20.0)

    assert stage.gone_after(60.0) == pytest.approx(20.0, abs=0.6)


def test_an_engine_that_saves_for_ever_is_killed_for_those_who_want_its_memory(stage_of):
    stage = stage_of(DISK, ending_s=1000.0)

    assert stage.gone_after(60.0) == pytest.approx(SAVE_GRACE_S, abs=0.6)


def test_an_engine_that_is_silent_as_it_saves_is_killed(stage_of, monkeypatch):
    stage = stage_of(DISK, ending_s=1000.0)
    monkeypatch.setattr(fake_engines, "HEARTBEAT_S", 10_000.0)

    assert stage.gone_after(60.0) < 10.0


def test_to_be_asked_again_shortens_nothing_that_saves(stage_of):
    stage = stage_of(DISK, ending_s=20.0)
    stage.supervisor.begin_unload("a", within_s=5.0)

    assert stage.gone_after(60.0) == pytest.approx(20.0, abs=0.6)


def test_an_engine_that_parks_what_it_held_may_take_its_time_until_the_server_ends(stage_of, tmp_path):
    place = tmp_path / "parked"
    place.mkdir()
    stage = stage_of(TierSettings(disk_bytes=10**9, disk_dir=str(place), is_parking=True), ending_s=20.0)
    assert stage.gone_after(60.0) == pytest.approx(20.0, abs=0.6)

    late = stage_of(TierSettings(disk_bytes=10**9, disk_dir=str(place), is_parking=True), ending_s=20.0)
    place.rmdir()
    assert late.gone_after(60.0) == pytest.approx(ABORT_GRACE_S, abs=0.6)


@pytest.mark.parametrize(
    ("tiers", "has_to_save"),
    [
        (TierSettings(), False),
        (DISK, True),
        (TierSettings(disk_bytes=10**9, disk_dir="parked", is_parking=True), False),
    ],
    ids=["no disk", "disk", "parking"],
)
def test_what_goes_to_a_disk_is_told_before(stage_of, tiers, has_to_save):
    assert stage_of(tiers, ending_s=1.0).supervisor.has_to_save is has_to_save
