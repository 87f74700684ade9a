"""POST /v1/completions."""

from __future__ import annotations

import time

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from corral.api import body
from corral.api.auth import caller_of
from corral.api.connection import while_connected
from corral.api.generation.events import collect
from corral.api.generation.prompts import to_prompts
from corral.api.generation.request import Ask
from corral.api.openai.suffix import with_suffix
from corral.api.openai.text_stream import TextStream
from corral.api.openai.text_translate import text_asks, text_reply, text_showing
from corral.api.openai.types import TextBody
from corral.api.ports import DoorPort
from corral.api.replies import json_reply
from corral.api.serving import Serving
from corral.api.threads import by_size
from corral.core.request import Media, Piece


async def complete(request: Request, serving: Serving) -> Response:
    """Continue each prompt of the body."""
    wanted = await body.read(request, TextBody)
    terms = serving.terms(caller_of(request), is_cached=True)
    prompts = to_prompts(wanted.prompt, terms.facts.n_vocab)
    prompts = await with_suffix(prompts, wanted, terms, serving)
    asks = await by_size(request, lambda: text_asks(wanted, prompts, terms))
    echoes = await _echoes(asks, serving.door) if wanted.echo else {}
    show = text_showing(wanted, echoes, terms, serving.model)
    show = msgspec.structs.replace(show, created_s=int(time.time()))
    if wanted.stream:
        return serving.stream(asks, TextStream(show))
    answers = await while_connected(request.receive, collect(serving.door, asks))
    return json_reply(text_reply(answers, show))


async def _echoes(asks: list[Ask], door: DoorPort) -> dict[str, str]:
    """Return each prompt's text by request id."""
    return {
        ask.request.request_id: "".join([await _text(piece, door) for piece in ask.request.prompt])
        for ask in asks
    }


async def _text(piece: Piece, door: DoorPort) -> str:
    if isinstance(piece, str):
        return piece
    if isinstance(piece, Media):
        return ""
    return (await door.detokenize(piece)).decode("utf-8", "replace") if piece else ""
