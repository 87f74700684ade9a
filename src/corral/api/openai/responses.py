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
from corral.api.replies import json_reply
from corral.api.serving import Serving
from corral.prompt.answer_split import read_whole
from corral.prompt.gallery import Gallery


class Responses:
    """The routes of OpenAI's Responses API."""

    def __init__(self, serving: Serving) -> None:
        self._serving = serving
        self._asking = ChatAsking(serving)

    async def create(self, request: Request) -> Response:
        """Answer a chat."""
        serving = self._serving
        wanted = await body.read(request, ResponsesBody)
        gallery = Gallery()
        wish = to_wish(wanted, serving.door.facts(), gallery)
        asked = await self._asking.ask(request, wish, wanted, gallery)
        show = showing(wanted, asked.reading, serving.model, int(time.time()))
        if wanted.stream:
            return serving.stream(asked.asks, ResponseStream(show))
        (answer,) = await while_connected(request.receive, collect(serving.door, asked.asks))
        found = read_whole(answer.text, show.reading)
        n_thought_tokens = await self._count(found.thoughts)
        whole = completed(show, answer, output(found), n_thought_tokens=n_thought_tokens)
        return json_reply({**whole, "timings": timings_of(answer)})

    async def count_tokens(self, request: Request) -> Response:
        """Return how many tokens the prompt has."""
        wanted = await body.read(request, ResponsesBody)
        gallery = Gallery()
        wish = to_wish(wanted, self._serving.door.facts(), gallery)
        n_tokens = await self._asking.n_tokens(request, wish, gallery)
        return json_reply({"input_tokens": n_tokens, "object": "response.input_tokens"})

    async def _count(self, text: str) -> int:
        if not text:
            return 0
        tokenized = await self._serving.door.tokenize([text], add_special=False, parse_special=False)
        return len(tokenized.tokens)
