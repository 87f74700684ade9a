"""POST /completion: one object, an array of them, or a stream."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from corral.api import body
from corral.api.auth import caller_of
from corral.api.connection import while_connected
from corral.api.generation.events import collect
from corral.api.generation.native import answer_object
from corral.api.generation.native_stream import NativeStream
from corral.api.llamacpp.translate import completion_asks, completion_showing
from corral.api.llamacpp.types import CompletionBody
from corral.api.replies import json_reply
from corral.api.serving import Serving
from corral.api.sse import EventStream


class Completion:
    """The route of native completions."""

    def __init__(self, serving: Serving) -> None:
        self._serving = serving

    async def __call__(self, request: Request) -> Response:
        """Generate for each prompt of the body."""
        serving = self._serving
        wanted = await body.read(request, CompletionBody)
        terms = serving.terms(caller_of(request), is_cached=False)
        asks = completion_asks(wanted, terms)
        show = completion_showing(wanted, asks, terms, serving.model)
        if wanted.stream:
            return EventStream(serving.router, asks, NativeStream(show))
        answers = await while_connected(request.receive, collect(serving.router, asks))
        objects = [answer_object(answer, show) for answer in answers]
        return json_reply(objects[0] if len(objects) == 1 else objects)
