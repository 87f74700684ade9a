"""POST /v1/chat/completions, and what shares its way from messages to a prompt."""

from __future__ import annotations

import time

from starlette.requests import Request
from starlette.responses import Response

from corral.api import body
from corral.api.auth import caller_of
from corral.api.connection import while_connected
from corral.api.generation.events import collect
from corral.api.openai.chat_messages import refuse_unserved, to_messages
from corral.api.openai.chat_stream import ChatStream
from corral.api.openai.chat_translate import chat_asks, chat_reply, chat_showing
from corral.api.openai.types import ChatBody
from corral.api.replies import json_reply
from corral.api.serving import Serving
from corral.api.sse import EventStream
from corral.prompt.templates import Prompt


class Chat:
    """The routes that take a chat."""

    def __init__(self, serving: Serving) -> None:
        self._serving = serving

    async def complete(self, request: Request) -> Response:
        """Answer a chat."""
        serving = self._serving
        wanted = await body.read(request, ChatBody)
        prompt = self._prompt(wanted)
        terms = serving.terms(caller_of(request), is_cached=True, is_bos_wanted=prompt.is_bos_wanted)
        asks = chat_asks(wanted, prompt, terms)
        show = chat_showing(wanted, terms.facts, serving.model, int(time.time()))
        if wanted.stream:
            return EventStream(serving.router, asks, ChatStream(show))
        answers = await while_connected(request.receive, collect(serving.router, asks))
        return json_reply(chat_reply(answers, show))

    async def count_tokens(self, request: Request) -> Response:
        """Return how many tokens a chat's prompt has."""
        prompt = self._prompt(await body.read(request, ChatBody))
        tokenized = await self._serving.router.tokenize(
            [prompt.text], add_special=prompt.is_bos_wanted, parse_special=True
        )
        return json_reply({"input_tokens": len(tokenized.tokens), "object": "response.input_tokens"})

    async def apply_template(self, request: Request) -> Response:
        """Return a chat's prompt as text (llama-server's own route)."""
        return json_reply({"prompt": self._prompt(await body.read(request, ChatBody)).text})

    def _prompt(self, wanted: ChatBody) -> Prompt:
        refuse_unserved(wanted)
        return self._serving.chat_prompt(
            to_messages(wanted),
            is_answer_wanted=wanted.add_generation_prompt is not False,
            variables=wanted.chat_template_kwargs,
        )
