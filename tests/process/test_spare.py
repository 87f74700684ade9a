"""The spare engine over real processes: it waits, becomes the next model's, and ends with the server."""

import asyncio
import os
import signal
import subprocess
from pathlib import Path

import pytest

from corral.gateway.supervisor import ENGINE_ARGV
from tests.process.fleet import entry, fleet
from tests.process.many_server import fake_server

WIDE = ("-np", "2", "-c", "4096")


async def until(condition):
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 (processes are the supervisor's to start and to end)
            await asyncio.sleep(0.005)


async def spare_of(many):
    await until(lambda: many.supervisor.spare_pid is not None)
    return many.supervisor.spare_pid


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_next_model_gets_the_spare_and_another_takes_its_place(run):
    async def act():
        async with fleet(entry("a"), entry("b"), n_workers=1, spare_for="fake") as many:
            first = await spare_of(many)
            outputs = await many.outputs("a")
            second = await spare_of(many)
            pids = [many.worker("a").process.pid]
            await many.outputs("b")
            pids.append(many.worker("b").process.pid)
            return first, second, pids, len(outputs)

    first, second, pids, n_outputs = run(act())

    assert pids == [first, second]
    assert n_outputs == 3


def test_no_spare_is_started_while_a_model_loads(run):
    async def act():
        # Longer than the supervisor looks away.
        async with fleet(entry("a", "fake:load_ms=1300"), spare_for="fake") as many:
            await spare_of(many)
            loading = asyncio.create_task(many.outputs("a"))
            await until(lambda: many.state("a") == "loading" and many.worker("a").process.pid)
            during = set()
            while many.state("a") == "loading":
                during.add(many.supervisor.spare_pid)
                await asyncio.sleep(0.005)
            await loading
            return during, await spare_of(many)

    during, after = run(act())

    assert during == {None}
    assert after is not None


def test_it_ends_with_the_supervisor(run):
    async def act():
        async with fleet(entry("a"), spare_for="fake") as many:
            await many.outputs("a")
            return await spare_of(many)

    assert not alive(run(act()))


def test_a_killed_spare_costs_no_request(run):
    async def act():
        async with fleet(entry("a"), spare_for="fake") as many:
            pid = await spare_of(many)
            os.kill(pid, signal.SIGKILL)
            await until(lambda: many.supervisor.spare_pid is None)
            outputs = await many.outputs("a")
            return pid, await spare_of(many), len(outputs)

    before, after, n_outputs = run(act())

    assert after != before
    assert n_outputs == 3


def test_a_crashed_engine_comes_back_in_the_spare(run):
    async def act():
        async with fleet(entry("a"), spare_for="fake") as many:
            await many.outputs("a")
            spare = await spare_of(many)
            os.kill(many.worker("a").process.pid, signal.SIGKILL)
            await until(lambda: many.state("a") != "ready")
            await many.outputs("a", "again")
            return spare, many.worker("a").process.pid

    spare, pid = run(act())

    assert pid == spare


def test_a_spare_whose_gateway_is_gone_ends():
    spare = subprocess.Popen(
        [*ENGINE_ARGV, "fake"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )

    spare.communicate()

    assert spare.returncode == 0


def children(server):
    pid = server.process.pid
    return set(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))


@pytest.mark.skipif(
    not Path("/proc/self/task").exists(), reason="children are listed in /proc, which Linux has"
)
def test_a_server_of_many_models_has_one_and_can_do_without(tmp_path):
    with fake_server(tmp_path, *WIDE, a="fake:") as server:
        server.complete("a")
        own = {server.view("a")["pid"]}
        while not (spares := children(server) - own):
            pass
    (tmp_path / "without").mkdir()
    with fake_server(tmp_path / "without", *WIDE, "--no-spare-engine", a="fake:") as server:
        server.complete("a")
        lone = children(server) - {server.view("a")["pid"]}

    assert len(spares) == 1
    assert not lone
    assert not any(map(alive, spares))
