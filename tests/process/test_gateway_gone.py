"""No engine outlives its gateway, however that ends."""

import subprocess
import sys

import pytest

GATEWAY = """
import asyncio, sys
from corral.core.messages import Load
from corral.core.request import GenerationRequest
from corral.core.engine_settings import EngineSettings
from corral.gateway.door import Door
from corral.gateway.supervisor import Supervisor

async def main(path, n_items):
    async with Supervisor(hang_s=600) as supervisor:
        door = Door("model", lambda: supervisor.workers.get("model"), max_queue=1)
        loading = asyncio.create_task(supervisor.load("model", Load("fake", path, EngineSettings())))
        if n_items < 0:
            print("loading", flush=True)
        await loading
        async with door.generate(GenerationRequest(request_id="r", prompt=["hi"])) as generation:
            for _ in range(n_items):
                await anext(generation)
            print("generating", flush=True)
            async for _ in generation:
                pass

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


@pytest.mark.parametrize(
    ("path", "n_items", "within_s"),
    [
        pytest.param("fake:step_ms=2", 3, 2.0, id="in the middle of a request"),
        pytest.param("fake:load_ms=60000", -1, 2.0, id="while the model loads"),
        pytest.param("fake:hang_after=3", 3, 5.0, id="while a step hangs"),
    ],
)
def test_an_engine_ends_soon_after_its_gateway_was_killed(path, n_items, within_s):
    gateway = subprocess.Popen(
        [sys.executable, "-c", GATEWAY, path, str(n_items)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    gateway.stdout.readline()

    gateway.kill()

    # The engine shares the gateway's standard error: reading it to its end waits for the engine.
    gateway.communicate(timeout=within_s)
