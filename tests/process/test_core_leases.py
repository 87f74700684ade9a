"""A real engine process is given cores and gives them back, while its requests go on."""

import os
from pathlib import Path

import pytest

from corral.core.engine_settings import CpuSettings
from corral.core.messages import LeaseCores

CPUS = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
ABSENT = 1023
pytestmark = pytest.mark.skipif(len(CPUS) < 2, reason="this process may use one CPU only, or none by number")


def cpus_of(gateway):
    """Return where the threads of the engine may run: one entry for each place."""
    tasks = Path(f"/proc/{gateway.worker().process.pid}/task")
    return {tuple(sorted(os.sched_getaffinity(int(task.name)))) for task in tasks.iterdir()}


def lease(gateway, *cpus):
    gateway.worker().process.lease(LeaseCores(cpus))


async def places_after(gateway, *cpus):
    """Lease the cores; return where the threads run once a request has come behind the lease."""
    lease(gateway, *cpus)
    await gateway.outputs(f"after {cpus}")
    return cpus_of(gateway)


def test_a_lease_binds_every_thread_and_its_end_frees_them(run, loaded):
    async def act():
        async with loaded() as gateway:
            return [await places_after(gateway, *cpus) for cpus in ((CPUS[1],), (CPUS[0],), ())]

    assert run(act()) == [{(CPUS[1],)}, {(CPUS[0],)}, {tuple(CPUS)}]


def test_a_running_request_neither_ends_nor_waits(run, loaded):
    async def act():
        async with loaded("fake:step_ms=1") as gateway:
            alone = await gateway.outputs("alone", max_tokens=200)
            async with gateway.generate("watched", max_tokens=200) as generation:
                await anext(generation)
                places = await places_after(gateway, CPUS[0])
                n_open = gateway.worker().n_open
                outputs = [item async for item in generation]
            return alone, outputs, places, n_open

    alone, outputs, places, n_open = run(act())

    assert (places, n_open) == ({(CPUS[0],)}, 1)
    assert "".join(o.text for o in outputs) == "".join(o.text for o in alone)
    assert outputs[-1].end.n_predicted == 200


def test_an_engine_for_vectors_takes_leases_too(run, loaded):
    async def act():
        async with loaded(purpose="embed") as gateway:
            lease(gateway, CPUS[0])
            await gateway.door.embed([["ab"]])
            return cpus_of(gateway)

    assert run(act()) == {(CPUS[0],)}


def test_cores_that_are_not_there_change_nothing_for_requests(run, loaded):
    async def act():
        async with loaded() as gateway:
            return await places_after(gateway, ABSENT), await gateway.outputs("again")

    places, outputs = run(act())

    assert places == {tuple(CPUS)}
    assert outputs[-1].end.n_predicted == 3


def test_the_gateway_learns_how_many_threads_an_engine_has(run, loaded):
    async def act():
        async with loaded(cpu=CpuSettings(n_threads=3)) as gateway:
            return gateway.door.facts().n_threads

    assert run(act()) == 3
