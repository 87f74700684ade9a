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


async def complete(request: Request, serving: Serving) -> Response:
    """Answer a chat."""
    wanted = await body.read(request, ChatBody)
    gallery = hang_images(wanted.messages or [], serving.door.facts())
    asked = await ChatAsking(serving).ask(request, to_wish(wanted), to_fields(wanted), gallery)
    show = chat_showing(wanted, asked.reading, asked.facts, serving.model, int(time.time()))
    is_verbose = serving.settings.log.verbosity > VERBOSE
    if is_verbose if wanted.verbose is None else wanted.verbose:
        verbose = showing(wanted, model=serving.model, facts=asked.facts)
        show = msgspec.structs.replace(show, verbose=verbose)
    if wanted.stream:
        return serving.stream(asked.asks, ChatStream(show))
    answers = await while_connected(request.receive, collect(serving.door, asked.asks))
    return json_reply(chat_reply(answers, show))


async def count_tokens(request: Request, serving: Serving) -> Response:
    """Return how many tokens a chat's prompt has."""
    wanted = await body.read(request, ChatBody)
    gallery = hang_images(wanted.messages or [], serving.door.facts())
    n_tokens = await ChatAsking(serving).n_tokens(request, to_wish(wanted), gallery)
    return json_reply({"input_tokens": n_tokens, "object": "response.input_tokens"})


async def apply_template(request: Request, serving: Serving) -> Response:
    """Return a chat's prompt as text (llama-server's own route)."""
    wanted = await body.read(request, ChatBody)
    gallery = hang_images(wanted.messages or [], serving.door.facts())
    chat = await ChatAsking(serving).composed(request, to_wish(wanted))
    return json_reply({"prompt": gallery.shown(chat.prompt.text)})
