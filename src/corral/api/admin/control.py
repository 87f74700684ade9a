"""The handlers: each asks the gateway for one thing and shows what came of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from corral.api import body
from corral.api.admin.news import all_news, pull_news
from corral.api.admin.translate import to_model, to_placement
from corral.api.admin.types import LoadBody, PinBody, PullBody, UnloadBody
from corral.api.frame_stream import FrameStream
from corral.api.replies import json_reply
from corral.api.servings import Servings
from corral.core.errors import NotSupportedError

# What requests may still take when an unload does not say.
UNLOAD_WITHIN_S = 30.0

_T = TypeVar("_T", bound=msgspec.Struct)


class Control:
    """Over all models. `stop` asks the server to end as Ctrl-C does, None: it cannot be asked."""

    def __init__(self, stop: Callable[[], None] | None) -> None:
        self._stop = stop

    async def every(self, _request: Request, servings: Servings) -> Response:
        """List the models."""
        return json_reply({"models": [to_model(view) for view in servings.models.views()]})

    async def one(self, request: Request, servings: Servings) -> Response:
        """Describe a model."""
        return json_reply(to_model(servings.models.view(_name(request))))

    async def placement(self, request: Request, servings: Servings) -> Response:
        """Tell what loading the model would do. Changes nothing."""
        name = servings.models.view(_name(request)).name
        return json_reply(to_placement(name, servings.models.placement(name)))

    async def load(self, request: Request, servings: Servings) -> Response:
        """Load a model; the answer comes when it is ready."""
        wish = await _optional(request, LoadBody())
        view = await servings.models.load(_name(request), is_default=bool(wish.default))
        return json_reply(to_model(view))

    async def unload(self, request: Request, servings: Servings) -> Response:
        """Unload a model; the answer comes when its memory is free."""
        wish = await _optional(request, UnloadBody())
        within_s = UNLOAD_WITHIN_S if wish.within_s is None else wish.within_s
        return json_reply(to_model(await servings.models.unload(_name(request), within_s=within_s)))

    async def pin(self, request: Request, servings: Servings) -> Response:
        """Pin a model, or let it go."""
        wish = await body.read(request, PinBody)
        return json_reply(to_model(await servings.models.pin(_name(request), is_pinned=wish.pinned)))

    async def delete(self, request: Request, servings: Servings) -> Response:
        """Remove a model's files."""
        name = servings.models.view(_name(request)).name
        return json_reply({"model": name, "deleted": await servings.models.delete(name)})

    async def pull(self, request: Request, servings: Servings) -> Response:
        """Download a model."""
        wish = await body.read(request, PullBody)
        if wish.stream:
            return _stream(pull_news(servings.models, wish.source), servings)
        return json_reply(to_model(await servings.models.pull(wish.source)))

    async def rescan(self, request: Request, servings: Servings) -> Response:
        """Look for models anew, and list them."""
        await servings.models.rescan()
        return await self.every(request, servings)

    async def events(self, _request: Request, servings: Servings) -> Response:
        """Tell every change of state."""
        return _stream(all_news(servings.models), servings)

    async def stop(self, _request: Request, _servings: Servings) -> Response:
        """End the server."""
        if self._stop is None:
            raise NotSupportedError("This server cannot be stopped by a request")
        self._stop()
        return json_reply({"stopping": True})


def _name(request: Request) -> str:
    name: str = request.path_params["name"]
    return name


def _stream(frames: AsyncIterator[bytes], servings: Servings) -> FrameStream:
    return FrameStream(frames, ping_s=servings.settings.server.sse_ping_s)


async def _optional(request: Request, default: _T) -> _T:
    """Return the body, `default` where there is none. Raises InvalidRequestError."""
    content = await body.read_bytes(request)
    return body.parse(content, type(default)) if content.strip() else default
