"""POST /v1/messages and /v1/messages/count_tokens."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from corral.api import body
from corral.api.anthropic.message import message, showing
from corral.api.anthropic.stream import MessageStream, error_event
from corral.api.anthropic.translate import to_fields, to_wish
from corral.api.anthropic.types import MessagesBody
from corral.api.chat.asking import ChatAsking
from corral.api.connection import while_connected
from corral.api.generation.events import collect
from corral.api.replies import json_reply
from corral.api.serving import Serving
from corral.prompt.gallery import Gallery


async def create(request: Request, serving: Serving) -> Response:
    """Answer a chat."""
    wanted = await body.read(request, MessagesBody)
    gallery = Gallery()
    wish = to_wish(wanted, serving.door.facts(), gallery)
    n_usual = serving.persona.sampling.max_tokens if serving.persona is not None else None
    asked = await ChatAsking(serving).ask(request, wish, to_fields(wanted, n_usual), gallery)
    show = showing(wanted, asked.reading, serving.model)
    if wanted.stream:
        return serving.stream(asked.asks, MessageStream(show), to_error=error_event)
    (answer,) = await while_connected(request.receive, collect(serving.door, asked.asks))
    return json_reply(message(answer, show))


async def count_tokens(request: Request, serving: Serving) -> Response:
    """Return how many tokens a chat's prompt has."""
    wanted = await body.read(request, MessagesBody)
    gallery = Gallery()
    wish = to_wish(wanted, serving.door.facts(), gallery)
    return json_reply({"input_tokens": await ChatAsking(serving).n_tokens(request, wish, gallery)})
