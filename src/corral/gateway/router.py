"""From a model's name to its door: the gateway as the dialects see it, for every model of the server."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Protocol, Self

from corral.core import log
from corral.core.clock import Clock, MonotonicClock
from corral.core.errors import CorralError, NotFoundError
from corral.gateway.callers import Callers
from corral.gateway.model import Model
from corral.gateway.preparation import in_thread
from corral.gateway.pulls import Pulls
from corral.gateway.showing import shown

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path
    from types import TracebackType

    from corral.catalog.entry import ModelEntry
    from corral.catalog.model_files import ListedFile
    from corral.core.model_definition import ModelDefinition
    from corral.core.model_view import ModelEvent, ModelView
    from corral.core.settings import Settings
    from corral.gateway.door import Door
    from corral.gateway.placement import Decision
    from corral.gateway.recording import Recorder
    from corral.gateway.residency import Lease, Residency

TICK_S = 0.5
RESCAN_S = 5.0

_log = log.get("gateway")


class Declared(Protocol):
    """Which models there are; `catalog.catalogue.Catalogue` and `catalog.one_model.OneModel` are some."""

    @property
    def is_single(self) -> bool:
        """Whether there is one, which is meant whatever name is given."""
        ...

    @property
    def entries(self) -> Mapping[str, ModelEntry]:
        """Every model by its name, in their order."""
        ...

    def find(self, name: str) -> ModelEntry:
        """Return the model that is called so. Raises NotFoundError."""
        ...

    def files(self) -> list[ListedFile]:
        """Return the weight files in the models folder, each with its model."""
        ...

    def find_file(self, model_file: str, folder: str) -> ModelEntry:
        """Return the model with this file in this folder. Raises NotFoundError."""
        ...

    def removable(self, entry: ModelEntry) -> list[Path]:
        """Return what to remove for the model to be gone. Raises NotSupportedError if it is not ours."""
        ...

    def rescan(self) -> bool:
        """Look again; return whether something has changed. Blocks."""
        ...


class Router:
    """Every model of the server. Enter it (`async with`) to have it look after them; leaving ends that."""

    def __init__(  # noqa: PLR0913 - what the composition root hands over, once
        self,
        declared: Declared,
        residency: Residency,
        settings: Settings,
        *,
        recorder: Recorder | None = None,
        callers: Callers | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._declared = declared
        self._residency = residency
        self._settings = settings
        self._recorder = recorder
        self._callers = callers or Callers({})
        self._clock = clock or MonotonicClock()
        self._models: dict[str, Model] = {}
        self._default = settings.catalog.default
        self._pulls = Pulls(settings.model, residency.events)
        self._has_started = False
        self._rescanning = asyncio.Lock()  # by the clock, by an administrator, after a download
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._tasks = [
            asyncio.create_task(self._let_time_pass(), name="router"),
            asyncio.create_task(self._look_again_and_again(), name="rescan"),
        ]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        self.close()
        await asyncio.wait(self._tasks)
        await self._residency.closed()

    def close(self) -> None:
        """Load and fetch no more; who waits for that is told. To be called before the supervisor ends."""
        self._residency.close()
        self._pulls.close()

    @property
    def is_single(self) -> bool:
        """Whether there is one model, which is meant whatever name a request gives."""
        return self._declared.is_single

    def check_started(self) -> None:
        """Raise UnavailableError while a server of one model loads it for the first time."""
        if self.is_single and not self._has_started:
            model = self._model(None)
            if not model.is_remote and model.load_s is None:  # it may have been loaded, and sleep by now
                model.door.facts()
            self._has_started = True

    def views(self) -> list[ModelView]:
        """Return what is known of every model, in the order of their names."""
        declared = [self._model_of(entry, None) for entry in self._declared.entries.values()]
        extra = [model for model in self._models.values() if self._is_extra(model)]
        now_s, default = self._clock.now_s(), self._shown_default()
        views = [shown(one, now_s, is_default=one.key == default) for one in (*declared, *extra)]
        return sorted(views, key=lambda view: view.name)

    def view(self, name: str | None) -> ModelView:
        """Return the same of one; None means the default model. Raises NotFoundError."""
        return self._view(self._known(name))

    def definition(self, name: str | None) -> ModelDefinition:
        """Return how the model is declared; None means the default model. Raises NotFoundError."""
        return self._entry(name).definition

    def door(self, name: str | None) -> Door:
        """Return the door of the model, which may not be loaded. Raises NotFoundError."""
        return self._model(name).door

    def files(self) -> list[ListedFile]:
        """Return the weight files in the models folder, each with the model that it belongs to."""
        return self._declared.files()

    def named(self, model_file: str, folder: str) -> str:
        """Return the name of the model with this file in this folder. Raises NotFoundError."""
        return self._declared.find_file(model_file, folder).definition.name

    def opened(
        self, name: str | None, *, purpose: str | None = None, keep_alive_s: float | None = None
    ) -> Lease:
        """Return a lease: entered, the model is loaded, and stays so until it is left.

        `purpose`: for what it is wanted, None for what it is declared for; `keep_alive_s`: how long it stays
        afterwards, below 0 for ever. Raises NotFoundError; entering raises CorralError.
        """
        return self._residency.lease(self._model(name, purpose), keep_alive_s)

    async def load(self, name: str | None, *, is_default: bool = False) -> ModelView:
        """Load the model, also out of quarantine, and return when it is ready. Raises CorralError.

        For one that another server runs there is nothing to load.
        """
        model = self._known(name)
        model.forget_failures()
        async with contextlib.nullcontext() if model.is_remote else self._residency.lease(model):
            if is_default:
                self._default = model.entry.name
        return self._view(model)

    async def unload(self, name: str, *, within_s: float) -> ModelView:
        """Unload the model, for whatever purposes it is loaded, at most about `within_s` from now.

        Named as it is shown for another purpose, it is unloaded for that one only.
        """
        model = self._known(name)
        ours = [model] if model.purpose is not None else self._all_of(model.entry.name)
        going = [self._residency.begin_unload(one, within_s=within_s) for one in ours]
        for worker in going:
            if worker is not None:
                await worker.gone.wait()
        return self._view(model)

    async def pin(self, name: str, *, is_pinned: bool) -> ModelView:
        """Keep the model in memory whatever else is wanted, or no longer."""
        model = self._known(name)
        self._residency.pin(model, is_pinned=is_pinned)
        return self._view(model)

    def preloaded(self) -> list[str]:
        """Return the names of the models that are to be there from the start."""
        told = self._settings.catalog.preloaded
        entries = self._declared.entries.values()
        own = [one.name for one in entries if one.definition.settings.stay.is_preloaded]
        return list(dict.fromkeys((*told, *own)))

    def placement(self, name: str) -> Decision:
        """Return what loading the model would do now. Changes nothing."""
        model = self._known(name)
        return self._residency.decide(model, model.needed())

    async def pull(self, source: str) -> ModelView:
        """Download `owner/name[:QUANT]` or an address; return when the model is declared and here."""
        name = await self._pulls.pull(source)
        await self.rescan()
        return self.view(name)

    async def delete(self, name: str) -> list[str]:
        """Unload the model and remove its files from this machine; return their paths. Raises CorralError."""
        paths = self._declared.removable(self._entry(name))
        await self.unload(name, within_s=0.0)
        removed = await in_thread(lambda: _removed(paths))
        await self.rescan()
        return removed

    async def rescan(self) -> None:
        """Look for new, changed and vanished models now."""
        async with self._rescanning:
            if await in_thread(self._declared.rescan):
                self._take_over()
        self._forget_gone()

    def events(self) -> AsyncIterator[ModelEvent]:
        """Return the changes of state from the first step of the iteration on."""
        return self._residency.events.follow()

    async def _let_time_pass(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            self._residency.tick()

    async def _look_again_and_again(self) -> None:
        """Rescan now and then; a slow disk holds up nothing but this."""
        while not self.is_single:
            await asyncio.sleep(RESCAN_S)
            try:
                await self.rescan()
            except (OSError, CorralError) as error:
                _log.warning("models.rescan_failed", reason=str(error))

    def _take_over(self) -> None:
        """Have each model follow its new declaration; a loaded one when it is idle."""
        entries = self._declared.entries
        for model in self._models.values():
            entry = entries.get(model.entry.name)
            if entry is not model.entry:
                self._residency.follow(model, entry)

    def _forget_gone(self) -> None:
        """Forget what is neither declared nor in use any more."""
        for key, model in list(self._models.items()):
            if model.is_at_rest and not model.is_declared:
                del self._models[key]

    def _entry(self, name: str | None) -> ModelEntry:
        if self.is_single:
            return next(iter(self._declared.entries.values()))
        return self._declared.find(self._default_name() if name is None else name)

    def _default_name(self) -> str:
        """Return the model for requests that name none: one that was chosen, else the first that can run."""
        if self._default is not None:
            return self._default
        entries = self._declared.entries
        usable = (name for name, entry in entries.items() if entry.problem is None)
        name = next(usable, None)
        if name is None:
            none = "None of the models here can be loaded" if entries else "There is no model yet"
            raise NotFoundError(f"{none}; put a GGUF file into the models folder, or pull one")
        return name

    def _model(self, name: str | None, purpose: str | None = None) -> Model:
        return self._model_of(self._entry(name), None if self.is_single else purpose)

    def _model_of(self, entry: ModelEntry, purpose: str | None) -> Model:
        """Return the model; for another purpose than the declared one it is one more."""
        wanted = None if purpose == entry.definition.settings.engine.purpose else purpose
        key = entry.name if wanted is None else f"{entry.name} ({wanted})"
        model = self._models.get(key)
        if model is None:
            model = self._models[key] = Model(
                key,
                entry,
                wanted,
                machine=self._residency.machine,
                recorder=self._recorder,
                callers=self._callers,
            )
        return model

    def _known(self, name: str | None) -> Model:
        """Return the model as it is shown, also one for another purpose. Raises NotFoundError."""
        try:
            return self._model(name)
        except NotFoundError:
            model = self._models.get(name or "")
            if model is None or not self._is_extra(model):
                raise
            return model

    def _all_of(self, name: str) -> list[Model]:
        """Return the model of that name for all its purposes."""
        return [model for model in self._models.values() if model.entry.name == name]

    def _is_extra(self, model: Model) -> bool:
        """Tell whether it is there for another purpose, or though it is not declared any more."""
        is_shown = model.has_process or model.boarding is not None
        return is_shown and (model.purpose is not None or not model.is_declared)

    def _view(self, model: Model) -> ModelView:
        return shown(model, self._clock.now_s(), is_default=model.key == self._shown_default())

    def _shown_default(self) -> str | None:
        try:
            return self._entry(None).name
        except NotFoundError:
            return None


def _removed(paths: list[Path]) -> list[str]:
    from corral.catalog.removal import remove  # noqa: PLC0415 - its library takes half a second to import

    return [str(gone) for path in paths for gone in remove(path).paths]
