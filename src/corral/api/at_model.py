"""Handlers that need models: the table says which, and here they become endpoints.

request -> which model? -> its lease, waiting for a load -> handler -> the whole answer sent -> lease left
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from corral.api import body
from corral.api.auth import caller_of
from corral.api.connection import while_connected
from corral.api.model_choice import ModelChoice, choose
from corral.api.ports import DoorPort, ModelsPort
from corral.api.proxy.passage import passage
from corral.api.proxy.size import text_of
from corral.api.serving import Serving
from corral.api.servings import Servings
from corral.core.errors import CorralError, InvalidRequestError, NotSupportedError
from corral.core.model_view import ModelState
from corral.gateway.callers import Callers
from corral.gateway.remote.remotes import Remotes
from corral.gateway.remote.target import Target, target_of
from corral.prompt.persona import Persona

ModelHandler = Callable[[Request, Serving], Awaitable[Response]]
ModelsHandler = Callable[[Request, Servings], Awaitable[Response]]

# What llama-server calls running.
RUNNING = frozenset(
    {ModelState.WAITING, ModelState.LOADING, ModelState.READY, ModelState.RESTARTING, ModelState.REMOTE}
)


@dataclass(frozen=True)
class AtModel:
    """A handler that works with the model that a request means, loaded for `purpose` (`ModelsPort`).

    `unnamed` answers instead where there are many models and the request names none, and where the only
    model sleeps (`--sleep-idle-seconds`); it loads nothing.
    `onward` is the path under its base URL at which the server of a remote model is asked instead; None: it
    may not have this route. `is_chat`: its model can speak as a character, `model@character`. `is_charged`:
    it takes of its caller's quota. No route loads a model for one that has used it up.
    """

    handler: ModelHandler
    purpose: str | None = None
    unnamed: ModelsHandler | None = None
    onward: str | None = None
    is_chat: bool = False
    is_charged: bool = False


@dataclass(frozen=True)
class OverModels:
    """A handler that works with all models, and loads none by itself."""

    handler: ModelsHandler


def bind(row: AtModel | OverModels, servings: Servings, remotes: Remotes) -> ASGIApp:
    """Return the application that serves `row`."""
    return (
        ModelEndpoint(row, servings, remotes) if isinstance(row, AtModel) else ModelsEndpoint(row, servings)
    )


class ModelEndpoint:
    """ASGI application: holds the model until the whole answer is sent, or its client has left."""

    def __init__(self, row: AtModel, servings: Servings, remotes: Remotes) -> None:
        self._row = row
        self._servings = servings
        self._remotes = remotes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve. Raises CorralError before anything is sent, ClientGoneError."""
        request = Request(scope, receive, send)
        servings = self._servings.seen_by(caller_of(request))
        choice = await choose(request, servings.settings, servings.models, characters=servings.characters)
        if self._row.unnamed is not None and choice.name is None and not _is_awake(servings.models):
            await (await self._row.unnamed(request, servings))(scope, receive, send)
            return
        target = target_of(servings.models.definition(choice.name))
        self._check_persona(choice.persona, is_remote=target is not None)
        if target is not None:
            await self._pass_on(request, target, servings.callers, send=send)
            return
        _check(choice, servings.models)
        if self._row.is_charged or servings.models.view(choice.name).state not in RUNNING:
            servings.callers.check(caller_of(request))
        async with contextlib.AsyncExitStack() as stack:
            door = await self._open(servings.models, choice, stack, receive=receive)
            serving = servings.of(choice.name, door, purpose=self._row.purpose)
            if choice.persona is not None:
                serving = serving.speaking_as(choice.persona)
            response = await self._row.handler(request, serving)
            await response(scope, receive, send)

    async def _pass_on(self, request: Request, target: Target, callers: Callers, *, send: Send) -> None:
        """Have another server answer. Nobody here reads its tokens: they count by the text of the question.

        What it has no answer to counts nothing. Raises CorralError, QuotaExceededError among others.
        """
        content = await body.keep(request)
        answer = await passage(request, self._row.onward, target, self._remotes)
        charge = callers.charge(caller_of(request), text_of(content))
        try:
            await answer(request.scope, request.receive, send)
        except CorralError:
            if charge is not None:
                charge.withdraw()
            raise

    def _check_persona(self, persona: Persona | None, *, is_remote: bool) -> None:
        """Raise for a character where nobody would hear it."""
        if persona is None:
            return
        if not self._row.is_chat:
            raise InvalidRequestError(
                f"Field 'model': this route does not speak as a character, here '{persona.name}'; name the "
                "model alone (and in /chat the character as 'character')"
            )
        if is_remote:
            raise NotSupportedError(
                f"The character '{persona.name}' is here and the model on another server; a character needs "
                "a model that this server runs itself"
            )

    async def _open(
        self, models: ModelsPort, choice: ModelChoice, stack: contextlib.AsyncExitStack, *, receive: Receive
    ) -> DoorPort:
        """Return the model's door once it is loaded; `stack` holds the lease, even if this is cancelled."""
        lease = models.opened(choice.name, purpose=self._row.purpose, keep_alive_s=choice.keep_alive_s)
        entering = asyncio.ensure_future(stack.enter_async_context(lease))
        try:
            await asyncio.sleep(0)  # enough for a model that is there: nobody need watch the client then
            return entering.result() if entering.done() else await while_connected(receive, entering)
        finally:
            if not entering.done():
                entering.cancel()
                await asyncio.wait({entering})


class ModelsEndpoint:
    """ASGI application: a handler that is given all models."""

    def __init__(self, row: OverModels, servings: Servings) -> None:
        self._row = row
        self._servings = servings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve. Raises CorralError before anything is sent."""
        request = Request(scope, receive, send)
        response = await self._row.handler(request, self._servings.seen_by(caller_of(request)))
        await response(scope, receive, send)


def _is_awake(models: ModelsPort) -> bool:
    """Tell whether the request means the only model there is, and that one has an engine."""
    return models.is_single and models.view(None).state is not ModelState.UNLOADED


def _check(choice: ModelChoice, models: ModelsPort) -> None:
    """Raise InvalidRequestError, as llama-server's router does, for a model that is not to be loaded."""
    if not choice.may_load and models.view(choice.name).state not in RUNNING:
        raise InvalidRequestError("model is not loaded")
