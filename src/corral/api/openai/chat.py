"""POST /v1/chat/completions, and what shares its way from messages to a prompt."""

from __future__ import annotations

import time

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from corral.api import body
from corral.api.chat.asking import ChatAsking
from corral.api.connection import while_connected
from corral.api.generation.events import collect
from corral.api.generation.native import showing
from corral.api.openai.chat_media import hang_images
from corral.api.openai.chat_stream import ChatStream
from corral.api.openai.chat_translate import chat_reply, chat_showing, to_fields
from corral.api.openai.chat_wish import to_wish
from corral.api.openai.types import ChatBody
from corral.api.replies import json_reply
from corral.api.serving import Serving

VERBOSE = 9  # above this verbosity of the log, answers carry llama-server's own object too


class Chat:
    """The routes that take a chat."""

    def __init__(self, serving: Serving) -> None:
        self._serving = serving
        self._asking = ChatAsking(serving)

    async def complete(self, request: Request) -> Response:
        """Answer a chat."""
        serving = self._serving
        wanted = await body.read(request, ChatBody)
        gallery = hang_images(wanted.messages or [], serving.door.facts())
        asked = await self._asking.ask(request, to_wish(wanted), to_fields(wanted), gallery)
        show = chat_showing(wanted, asked.reading, asked.facts, serving.model, int(time.time()))
        is_verbose = serving.settings.log.verbosity > VERBOSE
        if is_verbose if wanted.verbose is None else wanted.verbose:
            show = msgspec.structs.replace(
                show, verbose=showing(wanted, model=serving.model, facts=asked.facts)
            )
        if wanted.stream:
            return serving.stream(asked.asks, ChatStream(show))
        answers = await while_connected(request.receive, collect(serving.door, asked.asks))
        return json_reply(chat_reply(answers, show))

    async def count_tokens(self, request: Request) -> Response:
        """Return how many tokens a chat's prompt has."""
        wanted = await body.read(request, ChatBody)
        gallery = hang_images(wanted.messages or [], self._serving.door.facts())
        n_tokens = await self._asking.n_tokens(request, to_wish(wanted), gallery)
        return json_reply({"input_tokens": n_tokens, "object": "response.input_tokens"})

    async def apply_template(self, request: Request) -> Response:
        """Return a chat's prompt as text (llama-server's own route)."""
        wanted = await body.read(request, ChatBody)
        gallery = hang_images(wanted.messages or [], self._serving.door.facts())
        chat = await self._asking.composed(request, to_wish(wanted))
        return json_reply({"prompt": gallery.shown(chat.prompt.text)})
