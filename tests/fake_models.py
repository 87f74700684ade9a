"""The gateway's models, played over fake doors: nothing is loaded, and every lease is written down."""

import asyncio
import contextlib
from dataclasses import dataclass

import msgspec

from corral.catalog.model_files import ListedFile
from corral.core.errors import NotFoundError
from corral.core.model_definition import ModelDefinition
from corral.core.model_view import ModelEvent, ModelState, ModelView
from corral.core.settings import Settings


@dataclass
class Lease:
    """What a model was opened with. `is_held` until it is left."""

    name: str
    purpose: str | None
    keep_alive_s: float | None
    is_held: bool = True


class FakeModels:
    """One or several models, each behind its door; all are ready unless `states` says otherwise.

    With one door every name means it, as with `-m`; `is_single=False` gives it a name to be asked by. Models
    in `slow` set `is_loading` and are not loaded before `release` is set; `refusals` are raised by `opened`,
    `load` and `pull`. `leases` records what was opened, `changes` what else was asked. `details` are further
    fields of views, `files_of` the models of files, `news` the events.
    """

    def __init__(self, *doors, settings=None, is_single=None):
        self._settings = settings or Settings()
        self._doors = doors
        self.is_single = len(doors) == 1 if is_single is None else is_single
        self.default = None
        self.own_settings = {}
        self.aliases = {}
        self.states = {}
        self.details = {}
        self.refusals = {}
        self.slow = set()
        self.is_loading = asyncio.Event()
        self.release = asyncio.Event()
        self.leases = []
        self.changes = []
        self.files_of = {}
        self.news = []
        self.extra_views = []

    def check_started(self):
        loading = self._doors[0].loading if self.is_single else None
        if loading:
            raise loading

    def views(self):
        return sorted([*map(self._view, self._doors), *self.extra_views], key=lambda view: view.name)

    def view(self, name):
        return self._view(self.door(name))

    def definition(self, name):
        door = self.door(name)
        settings = self.own_settings.get(door.name, self._settings)
        return ModelDefinition(name=door.name, settings=settings, aliases=self.aliases.get(door.name, ()))

    def door(self, name):
        if self.is_single:
            return self._doors[0]
        wanted = name or self.default
        for door in self._doors:
            if wanted in (door.name, *self.aliases.get(door.name, ())):
                return door
        names = ", ".join(door.name for door in self._doors)
        raise NotFoundError(f"There is no model {wanted!r}; the models here are: {names}")

    @contextlib.asynccontextmanager
    async def opened(self, name, *, purpose=None, keep_alive_s=None):
        door = self.door(name)
        if door.name in self.refusals:
            raise self.refusals[door.name]
        if door.name in self.slow:
            self.states[door.name] = ModelState.LOADING
            self.is_loading.set()
            await self.release.wait()
            self.states[door.name] = ModelState.READY
        lease = Lease(door.name, purpose, keep_alive_s)
        self.leases.append(lease)
        try:
            yield door
        finally:
            lease.is_held = False

    async def load(self, name, *, is_default=False):
        view = self.view(name)
        if view.name in self.refusals:
            raise self.refusals[view.name]
        self.changes.append(("load", view.name, is_default))
        self.states[view.name] = ModelState.READY
        self.default = view.name if is_default else self.default
        return self.view(name)

    async def unload(self, name, *, within_s):
        view = self.view(name)
        self.changes.append(("unload", view.name, within_s))
        self.states[view.name] = ModelState.UNLOADED
        return self.view(name)

    async def pull(self, source):
        self.changes.append(("pull", source))
        if source in self.refusals:
            raise self.refusals[source]
        return self.views()[0]

    async def delete(self, name):
        self.changes.append(("delete", name))
        return []

    async def rescan(self):
        self.changes.append(("rescan",))

    def files(self):
        return [ListedFile(file, folder, name) for (file, folder), name in self.files_of.items()]

    def named(self, model_file, folder):
        if (model_file, folder) not in self.files_of:
            raise NotFoundError(f"missing: {folder}/{model_file}\nmissing: {folder}/config.json")
        return self.files_of[model_file, folder]

    async def events(self):
        for n, (name, state, progress) in enumerate(self.news):
            yield ModelEvent(n=n, model=name, state=state, progress=progress)

    def _view(self, door):
        state = self.states.get(door.name, ModelState.READY)
        settings = self.own_settings.get(door.name, self._settings).model
        view = ModelView(
            name=door.name,
            state=state,
            aliases=(*settings.aliases, *self.aliases.get(door.name, ())),
            tags=settings.tags,
            is_default=door.name == self.default,
        )
        return msgspec.structs.replace(view, **self.details.get(door.name, {}))
