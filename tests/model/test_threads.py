"""CPUs, priorities and polling reach the threads that compute; seen in children, which they change whole."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import llama_cpp
import pytest

from corral.core.engine_settings import CpuSettings, EngineSettings
from corral.core.errors import ModelLoadError
from corral.engine.llama import runner as llama_runner
from corral.engine.llama.spin import ROUNDS_PER_LEVEL
from corral.engine.llama.threadpool import inherited, is_special, pool_params

CPUS = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
needs_two_cpus = pytest.mark.skipif(len(CPUS) < 2, reason="this process may use one CPU only")
needs_openmp = pytest.mark.skipif(
    b"OPENMP = 1" not in llama_cpp.llama_print_system_info(), reason="llama.cpp was built without OpenMP"
)

# Computes a prompt and some tokens; prints the CPUs, the policy and the nice value of each native thread.
CHILD = """
import json, os, sys
import msgspec
import numpy as np
from corral.core.engine_settings import EngineSettings
from corral.engine.llama import spin

settings = msgspec.json.decode(sys.argv[2], type=EngineSettings)
spin.set_poll(settings)
from corral.engine.llama import runner as llama_runner

runner = llama_runner.load(sys.argv[1], settings, lambda _: None)

def decode(n, position):
    runner.batch.clear()
    runner.batch.add_chunk(np.zeros(n, np.int32), position, 0, is_last_output=True)
    runner.decode(n)

def threads():
    seen = []
    for tid in os.listdir("/proc/self/task"):
        cpus = ",".join(map(str, sorted(os.sched_getaffinity(int(tid)))))
        seen.append([cpus, os.sched_getscheduler(int(tid)), os.getpriority(os.PRIO_PROCESS, int(tid))])
    return sorted(seen)

decode(16, 0)
prompt = threads()
decode(1, 16)
token = threads()
print(json.dumps({
    "prompt": prompt,
    "token": token,
    "rounds": os.environ.get("GOMP_SPINCOUNT"),
    "pools": len(runner._context.threads._pools._pools),
    "sampler": sorted(runner._pool.submit(os.sched_getaffinity, 0).result()),
}))
runner.close()
"""


@pytest.fixture
def ran(model_path):
    """Return a function from settings to what a child saw of its threads."""

    def run(**settings):
        engine = EngineSettings(n_ctx=256, n_parallel=1, **settings)
        words = [sys.executable, "-c", CHILD, str(model_path("llama")), _json(engine)]
        done = subprocess.run(words, check=False, capture_output=True, text=True, timeout=100)
        assert done.returncode == 0, done.stderr
        return {**json.loads(done.stdout), "stderr": done.stderr}

    return run


def _json(settings):
    import msgspec

    return msgspec.json.encode(settings).decode()


def _everywhere():
    return ",".join(map(str, CPUS))


def _threads_on(seen, cpus):
    return sum(thread[0] == cpus for thread in seen)


@needs_two_cpus
def test_without_such_a_setting_no_pool_is_made_and_no_thread_is_bound(ran):
    seen = ran(cpu=CpuSettings(n_threads=2))

    assert seen["pools"] == 0
    assert {thread[0] for thread in seen["token"]} == {_everywhere()}
    assert seen["rounds"] == "1000"


@needs_two_cpus
def test_a_mask_binds_every_thread_that_computes(ran):
    seen = ran(cpu=CpuSettings(n_threads=2, cpus=(CPUS[1],)))

    assert seen["pools"] == 1
    assert _threads_on(seen["token"], str(CPUS[1])) == 2


@needs_two_cpus
def test_a_lone_thread_is_bound_too(ran):
    seen = ran(cpu=CpuSettings(n_threads=1, cpus=(CPUS[1],)))

    assert _threads_on(seen["token"], str(CPUS[1])) == 1


@needs_two_cpus
def test_a_strict_mask_gives_each_thread_a_cpu(ran):
    seen = ran(cpu=CpuSettings(n_threads=2, cpus=tuple(CPUS[:2]), is_strict=True))

    assert _threads_on(seen["token"], str(CPUS[0])) == 1
    assert _threads_on(seen["token"], str(CPUS[1])) == 1
    assert seen["sampler"] == CPUS[:2]


@needs_two_cpus
def test_prompts_may_have_cpus_of_their_own(ran):
    seen = ran(
        cpu=CpuSettings(n_threads=2, cpus=(CPUS[0],)), cpu_batch=CpuSettings(n_threads=2, cpus=(CPUS[1],))
    )

    assert seen["pools"] == 2
    assert _threads_on(seen["prompt"], str(CPUS[1])) == 2
    assert _threads_on(seen["token"], str(CPUS[0])) == 2


def test_another_number_of_threads_for_prompts_needs_a_pool_of_its_own(ran):
    seen = ran(cpu=CpuSettings(n_threads=1, poll=10), cpu_batch=CpuSettings(n_threads=2))

    assert seen["pools"] == 2


@pytest.mark.parametrize("priority", [-1, 1, 2, 3])
def test_a_priority_is_had_or_its_refusal_is_told(ran, priority):
    seen = ran(cpu=CpuSettings(n_threads=2, priority=priority))

    nice = {-1: 5, 1: -5, 2: -10, 3: -20}[priority]
    is_nice = any(thread[2] == nice for thread in seen["token"])
    n_raised = sum(thread[1] != os.SCHED_OTHER for thread in seen["token"])
    assert is_nice or f"failed to set process priority {priority}" in seen["stderr"]
    assert n_raised == 2 or f"threads cannot have priority {priority}" in seen["stderr"]
    assert "warn: failed to set thread priority" not in seen["stderr"]


def test_a_lone_thread_has_its_priority_too(ran):
    seen = ran(cpu=CpuSettings(n_threads=1, priority=2))

    n_raised = sum(thread[1] == os.SCHED_FIFO for thread in seen["token"])
    assert n_raised == 1 or "threads cannot have priority 2" in seen["stderr"]


@needs_openmp
@pytest.mark.parametrize(("settings", "level"), [({"cpu": 0}, 0), ({"cpu": 50}, 50), ({"cpu_batch": 7}, 7)])
def test_polling_is_what_openmp_spins(ran, settings, level):
    seen = ran(**{name: CpuSettings(n_threads=2, poll=poll) for name, poll in settings.items()})

    assert seen["rounds"] == str(level * ROUNDS_PER_LEVEL)


@needs_openmp
def test_libgomp_really_reads_it():
    code = (
        "from corral.core.engine_settings import CpuSettings, EngineSettings\n"
        "from corral.engine.llama import spin\n"
        "spin.set_poll(EngineSettings(cpu=CpuSettings(poll=2)))\n"
        "import llama_cpp\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "OMP_DISPLAY_ENV": "verbose"},
    )

    assert f"GOMP_SPINCOUNT = '{2 * ROUNDS_PER_LEVEL}'" in done.stderr


@pytest.mark.skipif(not CPUS, reason="this system binds no threads")
def test_a_mask_of_cpus_that_are_not_there_is_refused(model_path):
    absent = max(CPUS) + 1
    settings = EngineSettings(n_ctx=256, n_parallel=1, cpu=CpuSettings(cpus=(absent,)))

    with pytest.raises(ModelLoadError, match="--cpu-mask: this process may use none of these CPUs"):
        llama_runner.load(str(model_path("llama")), settings, lambda _: None)


@pytest.mark.parametrize(
    ("settings", "is_pool_wanted"),
    [
        (CpuSettings(), False),
        (CpuSettings(n_threads=4), False),
        (CpuSettings(cpus=(0,)), True),
        (CpuSettings(is_strict=False), True),
        (CpuSettings(priority=0), True),
        (CpuSettings(poll=0), True),
    ],
)
def test_only_more_than_a_number_of_threads_makes_a_pool(settings, is_pool_wanted):
    assert is_special(settings) == is_pool_wanted


def test_what_is_not_said_of_prompts_is_as_for_generation():
    main = CpuSettings(n_threads=2, cpus=(0, 1), is_strict=True, priority=2, poll=10)

    assert inherited(main, CpuSettings(n_threads=3, poll=0)) == CpuSettings(
        n_threads=3, cpus=(0, 1), is_strict=True, priority=2, poll=0
    )
    assert inherited(main, CpuSettings(cpus=(3,), is_strict=False, priority=0)) == CpuSettings(
        cpus=(3,), is_strict=False, priority=0, poll=10
    )


def test_pool_parameters():
    params = pool_params(CpuSettings(cpus=(1, 511), is_strict=True, priority=-1, poll=0), 3)

    assert [cpu for cpu in range(512) if params.cpumask[cpu]] == [1, 511]
    assert (params.n_threads, params.prio, params.poll, params.strict_cpu) == (3, -1, 0, True)
    assert not params.paused


def test_pool_parameters_without_a_word():
    params = pool_params(CpuSettings(), 2)

    assert not any(params.cpumask)
    assert (params.prio, params.poll, params.strict_cpu) == (0, 50, False)
