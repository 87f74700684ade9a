"""What other programs compute, told from the processor time of all and of ours."""

from __future__ import annotations

import os
import time

import pytest

from corral.gateway import cpu_time
from corral.gateway.neighbours import Neighbours

TWO = ((0,), (1,))
FOUR_WITH_SECOND_THREADS = ((0, 4), (1, 5), (2, 6), (3, 7))
GATEWAY, ENGINE = 10, 11


class FakeMachine:
    """A /proc in which programs compute as they are told, second by second."""

    def __init__(self, folder, cores):
        self.folder = folder
        self.cpus = [cpu for core in cores for cpu in core]
        self.now_s = 0.0
        self.busy = dict.fromkeys(self.cpus, 0.0)
        self.own = {GATEWAY: 0.0, ENGINE: 0.0}
        self.niced = 0.0
        self.neighbours = Neighbours(cores, folder)
        self.look()

    def look(self, *, is_busy=True):
        self._write()
        return self.neighbours.look(set(self.own), self.now_s, is_busy=is_busy)

    def run(self, *, others, engine=0.0, niced=0.0, is_busy=True):
        """Let a second pass in which so many CPUs were used; return the cores to leave."""
        self.now_s += 1.0
        self.own[ENGINE] += engine
        self.niced += niced
        for cpu in self.cpus:
            self.busy[cpu] += (others + engine) / len(self.cpus)
        return self.look(is_busy=is_busy)

    def _write(self):
        per_s = cpu_time._ticks_per_s()
        lines = ["cpu  1 2 3 4 5 6 7 8 9 10"]
        lines += [
            f"cpu{cpu} {half} {int(self.niced * per_s)} {half} 9 9 9 9 9 0 0"
            for cpu, half in ((cpu, int(time_s * per_s / 2)) for cpu, time_s in self.busy.items())
        ]
        lines += ["cpu99 999999999 0 0 0 0 0 0 0 0 0", "intr 123 0 0", "ctxt 99"]
        (self.folder / "stat").write_text("\n".join(lines))
        for pid, time_s in self.own.items():
            place = self.folder / str(pid)
            place.mkdir(exist_ok=True)
            fields = f"{pid} (a (name) 1) S " + "1 " * 10 + f"{int(time_s * per_s)} 0 0 0 20"
            (place / "stat").write_text(fields)


@pytest.fixture
def make_machine(tmp_path):
    return lambda cores=TWO: FakeMachine(tmp_path, cores)


def test_what_we_compute_ourselves_is_nobody_else_s(make_machine):
    machine = make_machine()

    assert [machine.run(others=0.0, engine=2.0) for _ in range(5)] == [0] * 5


def test_a_program_that_computes_on_and_on_gets_a_core_and_gives_it_back(make_machine):
    machine = make_machine()

    coming = [machine.run(others=0.9, engine=1.1) for _ in range(4)]
    going = [machine.run(others=0.0, engine=1.0) for _ in range(2)]

    assert coming == [0, 1, 1, 1]
    assert going == [0, 0]


def test_a_short_burst_changes_nothing(make_machine):
    machine = make_machine()

    assert [machine.run(others=each, engine=1.0) for each in (1.0, 0.0, 0.0, 0.3, 0.3)] == [0] * 5


def test_who_takes_turns_with_us_is_in_nobodys_way(make_machine):
    machine = make_machine()

    seen = []
    for _ in range(4):
        seen += [machine.run(others=2.0, is_busy=False) for _ in range(3)]
        seen += [machine.run(others=1.0, engine=1.0)]  # it ended in the midst of this second
        seen += [machine.run(others=0.0, engine=2.0) for _ in range(3)]

    assert seen == [0] * len(seen)


def test_what_was_left_to_a_program_stays_so_while_we_have_nothing_to_do_and_until_it_goes(make_machine):
    machine = make_machine()
    for _ in range(3):
        machine.run(others=1.0, engine=1.0)

    idle = [machine.run(others=2.0, is_busy=False) for _ in range(5)]
    alone = [machine.run(others=0.0, is_busy=False) for _ in range(2)]

    assert idle == [1] * 5
    assert alone == [0, 0]


def test_one_core_is_left_to_us_however_busy_others_are(make_machine):
    machine = make_machine()

    assert [machine.run(others=2.0) for _ in range(6)][-1] == 1


def test_between_the_two_bounds_it_stays_as_it_is(make_machine):
    machine = make_machine()
    assert [machine.run(others=0.45, engine=1.0) for _ in range(8)] == [0] * 8

    for _ in range(4):
        machine.run(others=1.0, engine=1.0)
    assert [machine.run(others=0.45, engine=1.0) for _ in range(8)] == [1] * 8


def test_second_threads_of_cores_bear_others_first(make_machine):
    machine = make_machine(FOUR_WITH_SECOND_THREADS)

    assert [machine.run(others=4.0, engine=4.0) for _ in range(6)][-1] == 0
    assert [machine.run(others=6.0, engine=2.0) for _ in range(6)][-1] == 2


def test_niced_programs_are_not_made_room_for(make_machine):
    machine = make_machine()

    assert [machine.run(others=0.0, niced=2.0) for _ in range(4)] == [0] * 4


def test_an_engine_that_comes_or_goes_is_not_taken_for_a_neighbour(make_machine):
    machine = make_machine()
    machine.own[12] = 0.0
    machine.run(others=0.0, engine=1.0)
    machine.own[12] += 50.0  # it has used much, and is gone before the next look
    for cpu in machine.cpus:
        machine.busy[cpu] += 25.0
    del machine.own[12]
    (machine.folder / "12" / "stat").unlink()

    assert [machine.run(others=0.0, engine=1.0) for _ in range(3)] == [0] * 3


@pytest.mark.parametrize("content", [None, "", "cpu0 a b c", "cpu0 1"])
def test_where_the_system_does_not_tell_nobody_is_there(tmp_path, content):
    if content is not None:
        (tmp_path / "stat").write_text(content)
    neighbours = Neighbours(TWO, tmp_path)

    assert [neighbours.look({1}, now_s, is_busy=True) for now_s in (1.0, 2.0, 3.0)] == [0] * 3


@pytest.mark.skipif(not cpu_time.PROC.is_dir(), reason="Linux tells")
def test_this_machine_tells():
    begun_s, all_s = cpu_time.process_s(os.getpid()), cpu_time.busy_s(os.sched_getaffinity(0))
    while time.process_time() < begun_s + 0.1:  # whoever computes is seen to
        pass

    assert cpu_time.process_s(os.getpid()) > begun_s
    assert cpu_time.busy_s(os.sched_getaffinity(0)) > all_s
    assert cpu_time.process_s(2**30) is None
