"""A gateway of many models over real engine processes on the fake runner."""

import contextlib
from pathlib import Path

from corral.catalog.entry import ModelEntry
from corral.catalog.source import ModelSource
from corral.core.engine_settings import EngineSettings
from corral.core.errors import NotFoundError
from corral.core.memory import Memory
from corral.core.model_definition import ModelDefinition
from corral.core.request import GenerationRequest
from corral.core.settings import ModelSettings, Settings, StaySettings
from corral.gateway.machine import Machine
from corral.gateway.model_events import ModelEvents
from corral.gateway.placement import Limits
from corral.gateway.preparation import Preparation
from corral.gateway.residency import Bounds, Residency
from corral.gateway.router import Router
from corral.gateway.supervisor import Supervisor

ENGINE = EngineSettings(n_parallel=2, n_ctx=4096)
ROOMY = Memory(10**15, 10**15)


def entry(name, path="fake:", *, n_bytes=100, stay=None, engine=ENGINE):
    settings = Settings(model=ModelSettings(path=path), engine=engine, stay=stay or StaySettings())
    return ModelEntry(
        definition=ModelDefinition(name=name, settings=settings),
        format="gguf",
        path=Path(path),
        n_bytes=n_bytes,
    )


class FakeCatalogue:
    """Models that are declared by a test; `changed` is what the next rescan finds."""

    is_single = False
    complaints = ()

    def __init__(self, entries):
        self.entries = {one.definition.name: one for one in entries}
        self.changed = None

    def find(self, name):
        if name not in self.entries:
            raise NotFoundError(f"The model '{name}' does not exist. There are: {', '.join(self.entries)}")
        return self.entries[name]

    def find_file(self, model_file, folder):
        raise NotFoundError(f"{folder}/{model_file}")

    def rescan(self):
        found, self.changed = self.changed, None
        if found is not None:
            self.entries = {one.definition.name: one for one in found}
        return found is not None


class Fleet:
    """A router over `entries`. `found` lists the models that were looked for, to be loaded."""

    def __init__(
        self, entries, *, n_workers=None, budget=ROOMY, load_wait_s=20.0, close_after_s=0.2, **supervisor
    ):
        self.catalogue = FakeCatalogue(entries)
        self.events = ModelEvents()
        self.supervisor = Supervisor(hang_s=600.0, **supervisor)
        self.found = []
        self.residency = Residency(
            self.supervisor,
            Preparation("fake", self._find, Machine(ROOMY)),
            Bounds(Limits(max_workers=n_workers, budget=budget), load_wait_s, close_after_s),
            self.events,
        )
        self.router = Router(self.catalogue, self.residency, Settings())

    def _find(self, model, _progress):
        self.found.append(model.path)
        return ModelSource(Path(model.path), model.path)

    async def outputs(self, name, request_id="r", *, max_tokens=3, prompt="hi", **lease):
        """Return all outputs of one whole request."""
        async with self.router.opened(name, **lease) as door:
            request = GenerationRequest(request_id=request_id, prompt=[prompt], max_tokens=max_tokens)
            async with door.generate(request) as generation:
                return [item async for item in generation][1:]

    def state(self, name):
        return self.router.view(name).state.value

    def worker(self, name):
        return self.supervisor.workers[name]


@contextlib.asynccontextmanager
async def fleet(*entries, **options):
    built = Fleet(entries, **options)
    async with built.supervisor, built.router:
        yield built
