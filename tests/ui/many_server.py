"""The page over several models that say back what they are asked: `python many_server.py KEY ...`.

Models are moved with `POST /fake/model`, characters come with `POST /fake/character`, and `GET /fake/asked`
tells what the page wanted of them. The admin key is "open sesame".
"""

import asyncio
import contextlib
import sys
from pathlib import Path

import msgspec

sys.path.insert(0, str(Path(__file__).parents[2]))

from page_server import EchoDoor, run
from starlette.responses import JSONResponse

from corral.core.engine_settings import EngineSettings
from corral.core.errors import UnavailableError
from corral.core.model_view import ModelEvent, ModelState
from corral.core.settings import RemoteSettings, ServerSettings, Settings
from corral.prompt.persona import Persona
from tests.fake_characters import FakeCharacters
from tests.fake_models import FakeModels

EVIL = "<img src=x onerror='window.isHurt = true'>"
NAMES = (EVIL, "alpha", "beta", "broken", "cloud", "vectors")


class NamedDoor(EchoDoor):
    def __init__(self, name):
        self.name = name
        self.requests = []
        self.is_mute = False
        self.n_scored = 0

    def generate(self, request):
        self.requests.append({"prompt": request.prompt[0], "temperature": request.sampling.temperature})
        return super().generate(request)

    async def score(self, *args, **options):
        self.n_scored += 1
        if self.is_mute:
            raise UnavailableError("no more of this")
        return await super().score(*args, **options)


class MovingModels(FakeModels):
    """Models whose changes are told to everybody who listens. `n_waiting` wait in `opened`."""

    def __init__(self, settings):
        super().__init__(*map(NamedDoor, NAMES), settings=settings)
        self.default = "alpha"
        self.n_waiting = 0
        self._listeners = set()

    async def events(self):
        listener = asyncio.Queue()
        self._listeners.add(listener)
        try:
            while True:
                yield await listener.get()
        finally:
            self._listeners.discard(listener)

    @contextlib.asynccontextmanager
    async def opened(self, name, **wishes):
        async with contextlib.AsyncExitStack() as stack:
            self.n_waiting += 1
            try:
                door = await stack.enter_async_context(super().opened(name, **wishes))
            finally:
                self.n_waiting -= 1
            yield door

    async def pin(self, name, *, is_pinned):
        self.changes.append(("pin", name, is_pinned))
        self.details.setdefault(name, {})["is_pinned"] = is_pinned
        return self.view(name)

    def move(self, name, state, **details):
        self.states[name] = ModelState(state)
        self.details[name] = details
        told = {key: details[key] for key in ("progress", "reason") if key in details}
        for listener in self._listeners:
            listener.put_nowait(ModelEvent(n=0, model=name, state=ModelState(state), **told))

    def remove(self, name):
        self._doors = tuple(door for door in self._doors if door.name != name)


def declare(models, settings):
    """Give each of NAMES what makes it another kind."""
    models.states |= {"alpha": ModelState.READY, "beta": ModelState.UNLOADED, "broken": ModelState.UNUSABLE}
    models.states |= {"cloud": ModelState.REMOTE, EVIL: ModelState.UNLOADED, "vectors": ModelState.UNLOADED}
    models.details["alpha"] = {"n_bytes": 491_000_000, "quantization": "Q4_K_M", "rss_bytes": 700_000_000}
    models.details["broken"] = {"reason": "it is no GGUF file", "path": "/secret/broken.gguf"}
    remote = RemoteSettings(base_url="http://127.0.0.1:9/v1", api_key="secret key")
    models.own_settings["cloud"] = msgspec.structs.replace(settings, remote=remote)
    models.own_settings["vectors"] = msgspec.structs.replace(settings, engine=EngineSettings(purpose="embed"))


def obey(order, models, characters):
    """Do what a test wants of models and characters."""
    match order:
        case {"slow": name}:
            models.slow.add(name)
        case {"refuse": name}:
            models.refusals[name] = UnavailableError("no memory is free", retry_after_s=5)
        case {"remove": name}:
            models.remove(name)
        case {"release": _}:
            models.release.set()
        case {"mute": name}:
            models.door(name).is_mute = True
        case {"default": name}:
            models.default = name
        case {"lose": name}:
            del characters.personas[name]


def control(app, models, characters):
    """Add the paths that move models and characters."""

    async def move(request):
        body = await request.json()
        models.move(body.pop("name"), body.pop("state"), **body)
        return JSONResponse({})

    async def order(request):
        obey(await request.json(), models, characters)
        return JSONResponse({})

    async def appear(request):
        body = await request.json()
        characters.personas[body.pop("file")] = msgspec.convert(body, Persona)
        return JSONResponse({})

    async def asked(_request):
        leases = [lease.name for lease in models.leases]
        told = {"leases": leases, "n_waiting": models.n_waiting, "changes": models.changes}
        told["requests"] = models.door("alpha").requests
        told["n_scored"] = models.door("alpha").n_scored
        return JSONResponse(told)

    app.add_route("/fake/model", move, methods=["POST"])
    app.add_route("/fake/character", appear, methods=["POST"])
    app.add_route("/fake/order", order, methods=["POST"])
    app.add_route("/fake/asked", asked, methods=["GET"])


def main():
    keys = tuple(sys.argv[1:])
    settings = Settings(server=ServerSettings(api_keys=keys, admin_keys=("open sesame",)))
    models = MovingModels(settings)
    declare(models, settings)
    characters = FakeCharacters()
    run(models, settings, lambda app: control(app, models, characters), characters=characters)


if __name__ == "__main__":
    main()
