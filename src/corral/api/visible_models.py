"""The models of the server as one caller sees them: those that its key may use, and no word of others."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager

from corral.api.ports import DoorPort, ModelsPort
from corral.catalog.model_files import ListedFile
from corral.core.errors import NotFoundError
from corral.core.model_definition import ModelDefinition
from corral.core.model_view import ModelEvent, ModelState, ModelView
from corral.gateway.callers import Callers
from corral.gateway.placement import Decision


class VisibleModels:
    """A `ModelsPort` over `models` for `caller`, by what `callers` says of it.

    A model that it may not use is not there: it is neither found nor shown. Requests that name none mean the
    default model, or where that one is not for the caller, the first that is and can be loaded.
    """

    def __init__(self, models: ModelsPort, callers: Callers, caller: str) -> None:
        self._models = models
        self._callers = callers
        self._caller = caller

    @property
    def is_single(self) -> bool:
        """Whether there is one model, which is meant whatever name a request gives."""
        return self._models.is_single

    def check_started(self) -> None:
        """Raise UnavailableError while a server of one model loads it for the first time."""
        self._models.check_started()

    def views(self) -> list[ModelView]:
        """Return what is known of every model that the caller may use."""
        return [view for view in self._models.views() if self._sees(view)]

    def view(self, name: str | None) -> ModelView:
        """Return the same of one. Raises NotFoundError."""
        return self._models.view(self._allowed(name))

    def definition(self, name: str | None) -> ModelDefinition:
        """Return how the model is declared. Raises NotFoundError."""
        return self._models.definition(self._allowed(name))

    def door(self, name: str | None) -> DoorPort:
        """Return the door of the model. Raises NotFoundError."""
        return self._models.door(self._allowed(name))

    def opened(
        self, name: str | None, *, purpose: str | None = None, keep_alive_s: float | None = None
    ) -> AbstractAsyncContextManager[DoorPort]:
        """Return a lease. Raises NotFoundError; entering raises CorralError."""
        return self._models.opened(self._allowed(name), purpose=purpose, keep_alive_s=keep_alive_s)

    def files(self) -> list[ListedFile]:
        """Return the weight files of those models."""
        seen = {view.name for view in self.views()}
        return [file for file in self._models.files() if file.model in seen]

    def named(self, model_file: str, folder: str) -> str:
        """Return the name of the model that has this file in this folder. Raises NotFoundError."""
        return self._allowed(self._models.named(model_file, folder))

    async def load(self, name: str, *, is_default: bool = False) -> ModelView:
        """Load the model. Raises CorralError."""
        return await self._models.load(self._allowed(name), is_default=is_default)

    async def unload(self, name: str, *, within_s: float) -> ModelView:
        """Unload the model. Raises CorralError."""
        return await self._models.unload(self._allowed(name), within_s=within_s)

    async def pin(self, name: str, *, is_pinned: bool) -> ModelView:
        """Keep the model in memory, or no longer. Raises CorralError."""
        return await self._models.pin(self._allowed(name), is_pinned=is_pinned)

    def placement(self, name: str) -> Decision:
        """Return what loading the model would do now. Raises CorralError."""
        return self._models.placement(self._allowed(name))

    async def pull(self, source: str) -> ModelView:
        """Download a model. Raises CorralError."""
        return await self._models.pull(source)

    async def delete(self, name: str) -> list[str]:
        """Remove the files of the model. Raises CorralError."""
        return await self._models.delete(self._allowed(name))

    async def rescan(self) -> None:
        """Look for new, changed and vanished models now."""
        await self._models.rescan()

    async def events(self) -> AsyncIterator[ModelEvent]:
        """Yield the changes of state of those models, for one reader."""
        async for event in self._models.events():
            if self._callers.may_use(self._caller, self._names(event.model)):
                yield event

    def _allowed(self, name: str | None) -> str:
        """Return the name of the model that `name` means. Raises NotFoundError, which names no other."""
        view = self._default() if name is None else self._found(name)
        if view is None or not self._sees(view):
            raise NotFoundError(self._missing(name))
        return view.name

    def _found(self, name: str) -> ModelView | None:
        try:
            return self._models.view(name)
        except NotFoundError:
            return None

    def _default(self) -> ModelView | None:
        try:
            view = self._models.view(None)
        except NotFoundError:
            return None
        usable = (one for one in self.views() if one.state is not ModelState.UNUSABLE)
        return view if self._sees(view) else next(usable, None)

    def _sees(self, view: ModelView) -> bool:
        return self._callers.may_use(self._caller, (view.name, *view.aliases))

    def _names(self, name: str) -> tuple[str, ...]:
        view = self._found(name)
        return (name,) if view is None else (view.name, *view.aliases)

    def _missing(self, name: str | None) -> str:
        if self.is_single:
            return "This key may not use the model of this server"
        names = ", ".join(view.name for view in self.views())
        there = f"it may use: {names}" if names else "there is none that it may use"
        asked = "No model is named" if name is None else f"The model '{name}' does not exist for this key"
        return f"{asked}; {there}"
