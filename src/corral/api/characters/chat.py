"""POST /chat."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from corral.api.characters import answer
from corral.api.characters.asking import ask, read_chat
from corral.api.characters.emotion import emotions_of
from corral.api.characters.stream import ChatStream
from corral.api.characters.translate import CharacterChat
from corral.api.connection import while_connected
from corral.api.generation.events import collect
from corral.api.generation.request import Ask
from corral.api.replies import json_reply
from corral.api.serving import Serving


async def chat(request: Request, serving: Serving) -> Response:
    """Answer as the character, with the emotion where emotions are listed."""
    wanted = await read_chat(request, serving, serving.door.facts())
    asked = await while_connected(request.receive, ask(request, wanted, serving))
    if wanted.is_streamed:
        return serving.stream([asked], ChatStream(asked, wanted, serving))
    return json_reply(await while_connected(request.receive, _whole(asked, wanted, serving)))


async def _whole(asked: Ask, wanted: CharacterChat, serving: Serving) -> dict[str, Any]:
    (generated,) = await collect(serving.door, [asked])
    message = answer.message(generated, wanted)
    emotions = await emotions_of(generated, message, wanted, serving)
    return answer.reply_object(message, emotions, has_scores=wanted.has_scores)
