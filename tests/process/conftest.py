"""A gateway over real engine processes on the fake runner."""

import asyncio
import contextlib

import pytest
import uvloop

from corral.core.engine_settings import EngineSettings
from corral.core.messages import Load
from corral.core.request import GenerationRequest
from corral.gateway.door import Door
from corral.gateway.supervisor import ENGINE_ARGV, Supervisor

DEADLINE_S = 30
LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


class Gateway:
    """A supervisor with a door to its one model."""

    def __init__(
        self, path, *, argv=ENGINE_ARGV, hang_s=600.0, max_queue=100, restart_wait_s=10.0, **settings
    ):
        self.supervisor = Supervisor(hang_s=hang_s, argv=argv)
        self.door = Door(
            "model",
            lambda: self.supervisor.workers.get("model"),
            max_queue=max_queue,
            restart_wait_s=restart_wait_s,
        )
        self._load = Load("fake", path, EngineSettings(**{"n_parallel": 2, "n_ctx": 4096, **settings}))

    async def load(self):
        return await self.supervisor.load("model", self._load)

    def worker(self):
        return self.supervisor.workers["model"]

    async def until_state(self, state):
        while self.worker().state is not state:  # noqa: ASYNC110 (states are the supervisor's to signal)
            await asyncio.sleep(0)

    async def until_none_open(self):
        while self.worker().n_open:  # noqa: ASYNC110
            await asyncio.sleep(0)

    def generate(self, request_id="r", *, max_tokens=None, prompt="hi", caller=""):
        request = GenerationRequest(
            request_id=request_id, prompt=[prompt], max_tokens=max_tokens, caller=caller
        )
        return self.door.generate(request)

    async def outputs(self, request_id="r", *, max_tokens=3, caller=""):
        """Return all outputs of one whole request."""
        async with self.generate(request_id, max_tokens=max_tokens, caller=caller) as generation:
            return [item async for item in generation][1:]


@contextlib.asynccontextmanager
async def opened(path="fake:", **options):
    gateway = Gateway(path, **options)
    async with asyncio.timeout(DEADLINE_S), gateway.supervisor:
        yield gateway


@contextlib.asynccontextmanager
async def loaded(path="fake:", **options):
    async with opened(path, **options) as gateway:
        await gateway.load()
        yield gateway


@pytest.fixture(name="opened")
def opened_fixture():
    """A gateway that has loaded nothing yet."""
    return opened


@pytest.fixture(name="loaded")
def loaded_fixture():
    """A gateway whose model is ready."""
    return loaded


@pytest.fixture(params=LOOPS)
def run(request):
    """Run a coroutine on a loop of each kind: their pipes and processes differ."""

    def run_on_loop(coroutine):
        with asyncio.Runner(loop_factory=LOOPS[request.param]) as runner:
            return runner.run(coroutine)

    return run_on_loop
