"""Which engines are told of cores, and when."""

import pytest

from corral.core.messages import LeaseCores, ModelFacts
from corral.gateway import lessor as lessor_module
from corral.gateway.core_leases import KEPT_S
from corral.gateway.lessor import Lessor
from tests.fake_engines import VirtualLoop

ALL = LeaseCores(())


class FakeWorker:
    """An engine that notes what it is told."""

    def __init__(self, name):
        self.name = name
        self.facts = ModelFacts(n_slots=1, n_ctx=1)
        self.process = self
        self.told = []

    def lease(self, cores):
        self.told.append(cores)


class Engines:
    def __init__(self):
        self.loop = VirtualLoop()
        self.lessor = Lessor(self.loop)
        self.a, self.b = FakeWorker("a"), FakeWorker("b")
        self.lessor.came(self.a)

    def do(self, *steps):
        """Take the steps on the loop, at one moment."""
        for method, worker, *flags in steps:
            options = {"is_busy": flags[0]} if flags else {}
            self.loop.call_soon(lambda m=method, w=worker, o=options: getattr(self.lessor, m)(w, **o))
        self.loop.advance()

    @property
    def n_timers(self):
        return len([one for one in self.loop._scheduled if not one.cancelled()])


@pytest.fixture
def engines(monkeypatch):
    monkeypatch.setattr(lessor_module, "usable_cores", lambda: ((0,), (1,)))
    engines = Engines()
    yield engines
    assert engines.loop.faults == []
    engines.loop.close()


def test_a_lone_engine_costs_neither_a_word_nor_a_timer(engines):
    engines.do(("busy", engines.a, True), ("busy", engines.a, False))

    assert engines.a.told == []
    assert engines.n_timers == 0


def test_two_busy_engines_share_and_get_all_back(engines):
    engines.do(("came", engines.b), ("busy", engines.a, True), ("busy", engines.b, True))
    assert [len(one.told[-1].cpus) for one in (engines.a, engines.b)] == [1, 1]

    engines.do(("busy", engines.b, False))
    engines.loop.advance(KEPT_S)
    assert engines.a.told[-1] == ALL


def test_one_that_is_left_alone_while_it_is_idle_has_all_cores_before_its_next_request(engines):
    engines.do(("came", engines.b), ("busy", engines.a, True), ("busy", engines.b, True))
    engines.do(("busy", engines.a, False))
    engines.loop.advance(KEPT_S)
    engines.do(("busy", engines.b, False), ("gone", engines.b))
    engines.loop.advance(10.0)
    engines.do(("busy", engines.a, True))

    assert engines.a.told[-1] == ALL


def test_an_engine_that_comes_back_begins_without_a_lease(engines):
    engines.do(("came", engines.b), ("busy", engines.a, True), ("busy", engines.b, True))
    engines.do(("gone", engines.b), ("busy", engines.b, False), ("came", engines.b))
    engines.b.told.clear()
    engines.do(("busy", engines.b, True))

    assert len(engines.b.told) == 1


def test_nothing_is_due_once_all_are_gone(engines):
    engines.do(("came", engines.b), ("busy", engines.a, True), ("busy", engines.b, True))
    engines.do(("busy", engines.a, False), ("gone", engines.b), ("gone", engines.a))

    assert engines.n_timers == 0


def test_a_lone_engine_leaves_cores_to_other_programs_and_takes_them_back(engines):
    engines.do(("busy", engines.a, True))
    engines.lessor.reserve(1)
    assert engines.a.told == [LeaseCores((), 1)]

    engines.lessor.reserve(1)
    engines.lessor.reserve(0)
    assert engines.a.told == [LeaseCores((), 1), ALL]


def test_one_that_is_idle_is_told_of_them_before_its_next_request(engines):
    engines.lessor.reserve(1)
    assert engines.a.told == []

    engines.do(("busy", engines.a, True), ("busy", engines.a, False))
    engines.loop.advance(10.0)
    engines.lessor.reserve(0)
    engines.do(("busy", engines.a, True))

    assert engines.a.told == [LeaseCores((), 1), ALL]
