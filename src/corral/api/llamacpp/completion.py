"""POST /completion: one object, an array of them, or a stream."""

from __future__ import annotations

import msgspec
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
from corral.api.threads import by_size


async def complete(request: Request, serving: Serving) -> Response:
    """Generate for each prompt of the body."""
    return await answer(request, serving, await body.read(request, CompletionBody))


async def answer(
    request: Request, serving: Serving, wanted: CompletionBody, *, shown: str | None = None
) -> Response:
    """Generate for each prompt of `wanted`; `shown` is what the answer tells in place of the prompt."""
    terms = serving.terms(caller_of(request), is_cached=False)
    asks = await by_size(request, lambda: completion_asks(wanted, terms))
    if shown is not None:
        asks = [msgspec.structs.replace(ask, supplied=shown) for ask in asks]
    show = completion_showing(wanted, asks, terms, serving.model)
    if wanted.stream:
        return serving.stream(asks, NativeStream(show))
    answers = await while_connected(request.receive, collect(serving.door, asks))
    objects = [answer_object(answer, show) for answer in answers]
    return json_reply(objects[0] if len(objects) == 1 else objects)
