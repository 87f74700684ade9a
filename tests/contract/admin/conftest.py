"""The admin API over models that are played: what they are asked is recorded."""

import asyncio

import httpx
import msgspec
import pytest
from fastapi import FastAPI

from corral.api.admin.routes import routes
from corral.api.at_model import ModelsEndpoint
from corral.api.auth import AdminOnly, Keys
from corral.api.errors import ErrorEdge
from corral.api.servings import Servings
from corral.core.errors import NotFoundError
from corral.core.memory import Memory
from corral.core.model_view import ModelEvent, ModelState, ModelView
from corral.core.settings import ServerSettings, Settings
from corral.gateway.placement import Decision, Verdict

KEY = "the-admin-key"
VIEWS = (
    ModelView(
        name="owner/big:Q4_K_M",
        aliases=("big",),
        state=ModelState.READY,
        n_bytes=7_000,
        need=Memory(9_000, 1_000),
        n_open=2,
        pid=4711,
    ),
    ModelView(name="tiny.gguf", state=ModelState.UNLOADED, path="models/tiny.gguf", ttl_s=60.0),
)


class PlayedModels:
    """The `ModelsPort` as far as administrators use it. `refusal` is raised by whatever changes something.

    `news` are told, then `events` ends, or waits for ever without `has_end`; a pull ends when they are told,
    one that `is_slow` never.
    """

    def __init__(self):
        self.calls = []
        self.refusal = None
        self.news = []
        self.has_end = True
        self.is_slow = False
        self._told = asyncio.Event()
        self.was_pull_cancelled = False
        self._views = {view.name: view for view in VIEWS}

    def views(self):
        return list(self._views.values())

    def view(self, name):
        for view in self._views.values():
            if name in (view.name, *view.aliases):
                return view
        raise NotFoundError(f"There is no model {name!r}; there are {', '.join(self._views)}")

    def placement(self, name):
        self.view(name)
        return Decision(
            verdict=Verdict.WAIT,
            need=Memory(5_000, 0),
            evicted=("a", "b"),
            closed=("c",),
            reason="c is busy.",
        )

    async def load(self, name, *, is_default=False):
        return self._changed(name, ("load", is_default), state=ModelState.READY)

    async def unload(self, name, *, within_s):
        return self._changed(name, ("unload", within_s), state=ModelState.UNLOADED)

    async def pin(self, name, *, is_pinned):
        return self._changed(name, ("pin",), is_pinned=is_pinned)

    async def delete(self, name):
        self._changed(name, ("delete",))
        return [f"models/{name}"]

    async def rescan(self):
        self.calls.append(("rescan",))

    async def pull(self, source):
        self.calls.append(("pull", source))
        if self.refusal:
            raise self.refusal
        try:
            if self.news:
                await self._told.wait()
            if self.is_slow:
                await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.was_pull_cancelled = True
            raise
        return msgspec.structs.replace(VIEWS[1], name=source)

    async def events(self):
        for n, (model, state, progress) in enumerate(self.news, start=1):
            yield ModelEvent(n=n, model=model, state=state, progress=progress)
        self._told.set()
        if not self.has_end:
            await asyncio.Event().wait()

    def _changed(self, name, call, **fields):
        if self.refusal:
            raise self.refusal
        view = self.view(name)
        self.calls.append((*call, view.name))
        return msgspec.structs.replace(view, **fields)


class AdminClient:
    """Calls the routes in place, with the admin key unless told otherwise."""

    def __init__(self, models, *, keys=(KEY,), ping_s=30.0):
        self.models = models
        self.stops = []
        self.rows = routes(lambda: self.stops.append("stop"))
        self.servings = Servings(models, Settings(server=ServerSettings(sse_ping_s=ping_s)))
        self.app = FastAPI(redirect_slashes=False)
        for row in self.rows:
            locked = AdminOnly(ModelsEndpoint(row.handler, self.servings), Keys(keys))
            self.app.add_route(*row.paths, locked, methods=[row.method])
        self.app.add_middleware(ErrorEdge)

    def handler(self, path):
        """Return the handler of a path, without anything around it."""
        return next(row.handler.handler for row in self.rows if path in row.paths)

    def call(self, method, path, **options):
        return asyncio.run(self._call(method, path, options))

    def get(self, path, **options):
        return self.call("GET", path, **options)

    def post(self, path, json=None, **options):
        return self.call("POST", path, **({} if json is None else {"json": json}), **options)

    async def _call(self, method, path, options):
        options.setdefault("headers", {"authorization": f"Bearer {KEY}"})
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://corral") as client:
            return await client.request(method, path, **options)


@pytest.fixture
def models():
    return PlayedModels()


@pytest.fixture
def admin(models):
    return AdminClient(models)


@pytest.fixture
def make_admin(models):
    return lambda **options: AdminClient(models, **options)
