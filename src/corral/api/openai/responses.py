"""POST /v1/responses and /v1/responses/input_tokens."""

from __future__ import annotations

import time

from starlette.requests import Request
from starlette.responses import Response

from corral.api import body
from corral.api.chat.asking import ChatAsking
from corral.api.connection import while_connected
from corral.api.generation.events import collect
from corral.api.openai.responses_items import output
from corral.api.openai.responses_object import completed, showing, timings_of
from corral.api.openai.responses_stream import ResponseStream
from corral.api.openai.responses_translate import to_wish
from corral.api.openai.responses_types import ResponsesBody
from corral.api.ports import DoorPort
from corral.api.replies import json_reply
from corral.api.serving import Serving
from corral.prompt.answer_split import read_whole
from corral.prompt.gallery import Gallery


async def create(request: Request, serving: Serving) -> Response:
    """Answer a chat."""
    wanted = await body.read(request, ResponsesBody)
    gallery = Gallery()
    wish = to_wish(wanted, serving.door.facts(), gallery)
    asked = await ChatAsking(serving).ask(request, wish, wanted, gallery)
    show = showing(wanted, asked.reading, serving.model, int(time.time()))
    if wanted.stream:
        return serving.stream(asked.asks, ResponseStream(show))
    (answer,) = await while_connected(request.receive, collect(serving.door, asked.asks))
    found = read_whole(answer.text, show.reading)
    n_thought_tokens = await _count(found.thoughts, serving.door)
    whole = completed(show, answer, output(found), n_thought_tokens=n_thought_tokens)
    return json_reply({**whole, "timings": timings_of(answer)})


async def count_tokens(request: Request, serving: Serving) -> Response:
    """Return how many tokens the prompt has."""
    wanted = await body.read(request, ResponsesBody)
    gallery = Gallery()
    wish = to_wish(wanted, serving.door.facts(), gallery)
    n_tokens = await ChatAsking(serving).n_tokens(request, wish, gallery)
    return json_reply({"input_tokens": n_tokens, "object": "response.input_tokens"})


async def _count(text: str, door: DoorPort) -> int:
    if not text:
        return 0
    return len((await door.tokenize([text], add_special=False, parse_special=False)).tokens)
