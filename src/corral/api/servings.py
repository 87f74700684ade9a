"""What the routes are given: every model, and the view of one that its requests work with."""

from __future__ import annotations

import asyncio
import copy
import time
from typing import Any, TypeVar

from corral.api.no_characters import NoCharacters
from corral.api.ports import CharactersPort, DoorPort, ModelsPort
from corral.api.serving import Serving, check_template
from corral.api.visible_models import VisibleModels
from corral.core.errors import NotFoundError, UnavailableError
from corral.core.model_view import ModelState, ModelView
from corral.core.settings import Settings
from corral.gateway.callers import Callers

_T = TypeVar("_T")

# An engine of the model's own is there, even if it comes back just now.
LOADED = frozenset({ModelState.READY, ModelState.RESTARTING, ModelState.UNLOADING})


class Servings:
    """Shared by all routes; holds no state of a request. `settings` are the server's.

    `callers` knows which models each may use, None: all.

    Raises SettingsError for a bad `--chat-template`.
    """

    def __init__(
        self,
        models: ModelsPort,
        settings: Settings,
        *,
        characters: CharactersPort | None = None,
        callers: Callers | None = None,
    ) -> None:
        check_template(settings.chat.template)
        self.models = models
        self.callers = callers or Callers({})
        self._all_models = models
        self.characters = characters or NoCharacters()
        self.settings = settings
        self.started_s = int(time.time())
        self._tasks: set[asyncio.Task[Any]] = set()
        self._kept: dict[tuple[str, str | None], Serving] = {}

    def seen_by(self, caller: str) -> Servings:
        """Return the same with the models that `caller` may use, and no others."""
        if not self.callers.is_choosy(caller):
            return self
        made = copy.copy(self)
        made.models = VisibleModels(self._all_models, self.callers, caller)
        return made

    def of(self, name: str | None, door: DoorPort, *, purpose: str | None = None) -> Serving:
        """Return the view of the model that `door` leads to, the same one while nothing of it changes.

        Raises NotFoundError, or SettingsError for a bad chat template of the model's own.
        """
        definition = self.models.definition(name)
        key = definition.name, purpose
        kept = self._kept.get(key)
        if kept is not None and kept.door is door and kept.settings == definition.settings:
            return kept
        self._forget_vanished()
        made = self._kept[key] = Serving(door, definition.settings, characters=self.characters)
        return made

    def keep(self, task: asyncio.Task[_T]) -> asyncio.Task[_T]:
        """Return `task`, which goes on when nobody waits for it any more. It must not raise."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def declared(self) -> list[ModelView]:
        """Return what is known of the models that requests may name, in the order of their names."""
        return [view for view in self.models.views() if self._is_declared(view.name)]

    def find(self, name: str) -> ModelView:
        """Return what is known of the model that is called so, even where every name means the only one.

        Raises NotFoundError, which names the models.
        """
        view = self.models.view(name)
        if self.models.is_single and name not in (view.name, *view.aliases):
            raise NotFoundError(f"The model '{name}' does not exist; the only one here is '{view.name}'")
        return view

    def loaded(self, name: str | None) -> Serving | None:
        """Return the view of a model that has an engine now, None of one that has not.

        Without a lease: only for what is asked at once. Raises NotFoundError.
        """
        if self.models.view(name).state not in LOADED:
            return None
        door = self.models.door(name)
        try:
            door.facts()
        except UnavailableError:  # its engine is on its way out
            return None
        return self.of(name, door)

    def _is_declared(self, name: str) -> bool:
        """Tell it from what is still loaded, or is loaded for another purpose."""
        try:
            self.models.definition(name)
        except NotFoundError:
            return False
        return True

    def _forget_vanished(self) -> None:
        names = {view.name for view in self._all_models.views()}
        for key in [key for key in self._kept if key[0] not in names]:
            del self._kept[key]
