"""POST /models/load and /models/unload, GET /models/sse; for administrators POST and DELETE /models."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from corral.api import body
from corral.api.auth import check_change_for_all, may_change_for_all
from corral.api.connection import while_connected
from corral.api.frame_stream import FrameStream
from corral.api.model_status import event_of
from corral.api.ports import ModelsPort
from corral.api.replies import json_reply, text_reply
from corral.api.servings import Servings
from corral.api.sse import frame
from corral.core import log
from corral.core.errors import CorralError, InvalidRequestError, ModelLoadError, NotFoundError
from corral.core.model_view import ModelState

# What requests may still take: llama-server's `stop-timeout`.
UNLOAD_WITHIN_S = 10.0

_NOTHING_NAMED = '"modelFile" and "path", or "model", must be provided'
_SUCCESS = {"success": True}

_log = log.get("api")


class ModelLoadBody(msgspec.Struct, rename={"model_file": "modelFile"}):
    """POST /models/load: an entry of GET /models, or llama-server's `model`."""

    model_file: str | None = None
    path: str | None = None
    model: str | None = None


class ModelNameBody(msgspec.Struct):
    """POST /models/unload and /models."""

    model: str | None = None


async def load(request: Request, servings: Servings) -> Response:
    """Load a model, and answer when it is ready."""
    wanted = await body.read(request, ModelLoadBody)
    if wanted.model_file is not None and wanted.path is not None:
        return await _load_file(request, servings, model_file=wanted.model_file, folder=wanted.path)
    if not wanted.model:
        raise InvalidRequestError(_NOTHING_NAMED)
    name = servings.find(wanted.model).name
    await while_connected(request.receive, servings.models.load(name))
    return json_reply(_SUCCESS)


async def _load_file(request: Request, servings: Servings, *, model_file: str, folder: str) -> Response:
    """Answer in words, as clients of this form of the body expect.

    What is loaded becomes the default, if whoever asks may say that for all.
    """
    is_default = may_change_for_all(request, servings.settings.server)
    try:
        name = _usable(model_file, servings) if folder == "" else servings.models.named(model_file, folder)
        await while_connected(request.receive, servings.models.load(name, is_default=is_default))
    except (NotFoundError, ModelLoadError) as error:
        return text_reply(error.message, 404)
    return text_reply("Model loaded")


def _usable(name: str, servings: Servings) -> str:
    view = servings.find(name)
    if view.state is ModelState.UNUSABLE:
        raise NotFoundError(view.reason)
    return view.name


async def unload(request: Request, servings: Servings) -> Response:
    """Unload a model, and answer when its memory is free. Raises CorralError."""
    check_change_for_all(request, servings.settings.server)
    view = servings.find(_named(await body.read(request, ModelNameBody)))
    if view.state in (ModelState.UNLOADED, ModelState.FAILED, ModelState.QUARANTINED, ModelState.UNUSABLE):
        raise InvalidRequestError("model is not running")
    await servings.models.unload(view.name, within_s=UNLOAD_WITHIN_S)
    return json_reply(_SUCCESS)


async def watch(_request: Request, servings: Servings) -> Response:
    """Tell every change of a model's state."""
    return FrameStream(_news(servings.models), ping_s=servings.settings.server.sse_ping_s)


async def _news(models: ModelsPort) -> AsyncIterator[bytes]:
    async for event in models.events():
        if event.state is not ModelState.UNLOADING:  # to the router it is loaded until it is gone
            yield frame(event_of(event))


async def pull(request: Request, servings: Servings) -> Response:
    """Begin a download, and answer when it is under way, or here. Raises CorralError."""
    source = _named(await body.read(request, ModelNameBody))
    begun = asyncio.create_task(_begun(source, servings.models))
    pulling = servings.keep(asyncio.create_task(_pulled(source, servings.models)))
    try:
        await asyncio.wait({pulling, begun}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        begun.cancel()
    if pulling.done() and (error := pulling.result()) is not None:
        raise error
    return json_reply(_SUCCESS)


async def _begun(source: str, models: ModelsPort) -> None:
    """Return when something of `source` has come."""
    async for event in models.events():
        if event.model == source and event.state is ModelState.DOWNLOADING:
            return


async def _pulled(source: str, models: ModelsPort) -> CorralError | None:
    """Return why it did not come: nobody may be waiting any more."""
    try:
        await models.pull(source)
    except CorralError as error:
        _log.error("model.pull_failed", source=source, reason=error.message)
        return error
    return None


async def delete(request: Request, servings: Servings) -> Response:
    """Remove the files of `?model=`."""
    name = request.query_params.get("model")
    if not name:
        raise InvalidRequestError("model must be a non-empty string")
    await servings.models.delete(servings.find(name).name)
    return json_reply(_SUCCESS)


def _named(wanted: ModelNameBody) -> str:
    if not wanted.model:
        raise InvalidRequestError('"model" must be provided')
    return wanted.model
