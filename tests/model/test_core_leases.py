"""Leased cores and llama.cpp's threads; seen in children, whose threads are bound whole."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from corral.core.engine_settings import CpuSettings, EngineSettings
from corral.core.messages import (
    FRAME_HEADER_BYTES,
    Embed,
    Embedded,
    Finished,
    LeaseCores,
    Load,
    Ready,
    Stepped,
    Submit,
    to_events,
    to_frame,
)
from corral.core.request import GenerationRequest
from corral.core.sampling import SamplingParams
from corral.engine.llama.cores import n_physical_cores

CPUS = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
pytestmark = pytest.mark.skipif(len(CPUS) < 2, reason="this process may use one CPU only, or none by number")
TWO = CpuSettings(n_threads=2)
DEADLINE_S = 100

# Computes a token under each lease in turn; prints for each how many threads llama.cpp uses for tokens and
# for prompts, how many there are, and the places where they may run.
CHILD = """
import json, os, sys, threading
import llama_cpp
import msgspec
from corral.core.engine_settings import EngineSettings
from corral.engine.llama import runner as llama_runner

settings = msgspec.json.decode(sys.argv[2], type=EngineSettings)
runner = llama_runner.load(sys.argv[1], settings, lambda _: None)
context, seen = runner._context.pointer, []
all_there = threading.Barrier(runner._pool._max_workers)  # all that choose tokens, so that none comes later
list(runner._pool.map(lambda _: all_there.wait(), range(all_there.parties)))
for position, (cpus, n_threads) in enumerate(json.loads(sys.argv[3])):
    runner.lease_cores(tuple(cpus), n_threads)
    runner.batch.clear()
    runner.batch.add_decodes([0], [position], [0])
    runner.decode(1)
    tasks = [int(task) for task in os.listdir("/proc/self/task")]
    seen.append({
        "n": [llama_cpp.llama_n_threads(context), llama_cpp.llama_n_threads_batch(context)],
        "n_tasks": len(tasks),
        "places": sorted({tuple(sorted(os.sched_getaffinity(task))) for task in tasks}),
        "sampler": sorted(runner._pool.submit(os.sched_getaffinity, 0).result()),
    })
print(json.dumps(seen))
runner.close()
"""


@pytest.fixture
def leased(model_path):
    """Return a function from settings and leases to what a child saw of its threads under each."""

    def run(*cpus, n_threads=None, **settings):
        engine = msgspec.json.encode(EngineSettings(n_ctx=256, n_parallel=1, **settings)).decode()
        leases = list(zip(cpus, n_threads or [None] * len(cpus), strict=True))
        words = [sys.executable, "-c", CHILD, str(model_path("llama")), engine, json.dumps(leases)]
        done = subprocess.run(words, check=False, capture_output=True, text=True, timeout=DEADLINE_S)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


def test_fewer_cores_mean_fewer_threads_and_none_is_left_behind(leased):
    one, both, other, all_ = leased([CPUS[0]], CPUS[:2], [CPUS[1]], [], cpu=TWO)

    assert [seen["n"] for seen in (one, both, other, all_)] == [[1, 1], [2, 2], [1, 1], [2, 2]]
    assert one["places"] == [[CPUS[0]]]
    assert other["places"] == [[CPUS[1]]]
    assert other["sampler"] == [CPUS[1]]
    assert all_["places"] == [CPUS]
    assert [seen["n_tasks"] - one["n_tasks"] for seen in (both, other, all_)] == [1, 0, 1]


def test_beside_other_programs_fewer_threads_compute_wherever_there_is_room(leased):
    fewer, more, both = leased([], [], CPUS[:2], cpu=TWO, n_threads=[1, None, 1])

    assert [seen["n"] for seen in (fewer, more, both)] == [[1, 1], [2, 2], [1, 1]]
    assert fewer["places"] == more["places"] == [CPUS]
    assert both["places"] == [CPUS[:2]]
    assert fewer["n_tasks"] == more["n_tasks"] - 1


def test_never_more_threads_than_were_asked_for(leased):
    (seen,) = leased(CPUS, cpu=CpuSettings(n_threads=1), cpu_batch=TWO)

    assert seen["n"] == [1, 2]


def test_a_model_of_its_own_number_of_threads_has_one_for_each_core(leased):
    whole, one = leased([], [CPUS[0]])

    assert max(whole["n"]) <= n_physical_cores()
    assert one["n"] == [1, 1]


def test_when_a_lease_ends_threads_are_as_many_as_before_also_if_they_crowd(leased):
    n_many = len(CPUS) + 1
    before, during, after = leased([], [CPUS[0]], [], cpu=CpuSettings(n_threads=n_many))

    assert [seen["n"][0] for seen in (before, during, after)] == [n_many, 1, n_many]


def test_of_the_cpus_that_the_user_named_the_leased_ones_compute(leased):
    during, after = leased([CPUS[1]], [], cpu=CpuSettings(n_threads=2, cpus=tuple(CPUS[:2])))

    assert (during["n"][0], during["places"]) == (1, [[CPUS[1]]])
    assert (after["n"][0], after["places"]) == (2, [CPUS[:2]])


def test_cpus_that_the_user_named_stand_when_none_is_leased(leased):
    (seen,) = leased([CPUS[1]], cpu=CpuSettings(n_threads=2, cpus=(CPUS[0],)))

    assert (seen["n"][0], seen["places"]) == (1, [[CPUS[0]]])


def test_strict_places_are_taken_up_again(leased):
    strict = CpuSettings(n_threads=2, cpus=tuple(CPUS[:2]), is_strict=True)
    during, after = leased([CPUS[1]], [], cpu=strict)

    assert during["places"] == [[CPUS[1]]]
    assert [CPUS[0]] in after["places"]
    assert [CPUS[1]] in after["places"]
    assert after["sampler"] == CPUS[:2]


class EngineChild:
    """An engine process, and a watchdog that ends it; says what it is told, hears what it says."""

    def __init__(self, path, **settings):
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "corral.engine"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._watchdog = threading.Timer(DEADLINE_S, self._process.kill)
        self._watchdog.start()
        self.events = []
        self.say(Load("llama", str(path), EngineSettings(cpu=TWO, **settings)))
        self.facts = self.hear(lambda event: isinstance(event, Ready)).facts

    def say(self, *commands):
        self._process.stdin.write(to_frame(list(commands)))
        self._process.stdin.flush()

    def hear(self, is_awaited):
        """Return the first event so far or from now on that is awaited."""
        while not (found := [event for event in self.events if is_awaited(event)]):
            header = self._process.stdout.read(FRAME_HEADER_BYTES)
            assert header, "the engine is gone"
            self.events += to_events(self._process.stdout.read(int.from_bytes(header, "little")))
        return found[0]

    def submit(self, name, n_tokens):
        greedy = SamplingParams(temperature=0.0, ignore_eos=True)
        request = GenerationRequest(request_id=name, prompt=["words"], max_tokens=n_tokens, sampling=greedy)
        self.say(Submit(request))

    def text(self, name):
        self.hear(lambda event: event == Finished(name))
        stepped = (event for event in self.events if isinstance(event, Stepped))
        return "".join(out.text for event in stepped for out in event.outputs if out.request_id == name)

    def embedded(self, name):
        self.say(Embed(name, [["words"]]))
        return self.hear(lambda event: isinstance(event, Embedded) and event.request_id == name)

    def places(self):
        tasks = Path(f"/proc/{self._process.pid}/task").iterdir()
        return {tuple(sorted(os.sched_getaffinity(int(task.name)))) for task in tasks}

    def close(self):
        self._watchdog.cancel()
        self._process.kill()
        self._process.communicate()


def test_text_does_not_depend_on_leases_that_change_while_it_is_made(model_path):
    leases, places = [(CPUS[0],), (), (CPUS[1],), tuple(CPUS[:2])], []
    with closing(EngineChild(model_path("llama"), n_ctx=8192, n_parallel=2)) as engine:
        engine.submit("alone", 2000)
        alone = engine.text("alone")
        engine.submit("watched", 2000)
        for cpus in leases:
            engine.say(LeaseCores(cpus))
            engine.submit(f"behind {cpus}", 1)
            engine.text(f"behind {cpus}")  # the lease was in force for it
            places.append(engine.places())
        is_running = Finished("watched") not in engine.events
        watched = engine.text("watched")

    assert places == [{cpus or tuple(CPUS)} for cpus in leases]
    assert is_running
    assert watched == alone


def test_an_engine_for_vectors_leases_cores_and_its_vectors_stay(model_path):
    settings = {"n_ctx": 256, "n_parallel": 1, "purpose": "embed", "pooling": "mean"}
    with closing(EngineChild(model_path("llama"), **settings)) as engine:
        before = engine.embedded("before")
        engine.say(LeaseCores((CPUS[1],)))
        during = engine.embedded("during")
        places, n_threads = engine.places(), engine.facts.n_threads

    assert (n_threads, places) == (2, {(CPUS[1],)})
    assert during.vectors == before.vectors
