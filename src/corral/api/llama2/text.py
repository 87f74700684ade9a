"""PUT /put/text."""

from __future__ import annotations

import functools
import time

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from corral.api import body
from corral.api.chat.asking import AskedChat, ChatAsking
from corral.api.connection import while_connected
from corral.api.generation.answer import Answer
from corral.api.generation.events import submitted
from corral.api.generation.request import Ask
from corral.api.llama2.dialogue import check_marks, dialogue
from corral.api.llama2.translate import to_body, to_fields, to_messages, to_reply, version, within_context
from corral.api.ports import DoorPort
from corral.api.replies import json_reply
from corral.api.serving import Serving
from corral.api.threads import by_size
from corral.core.errors import ContextExceededError
from corral.core.outcome import SequenceOutput, SequenceStart
from corral.prompt.answer_split import read_whole
from corral.prompt.chat import ChatWish
from corral.prompt.gallery import Gallery

_FORMAT = "llama2"  # for a model without a chat template of its own


class _Said(msgspec.Struct, frozen=True):
    """An answer, and the process that made it."""

    answer: Answer
    worker_id: int


async def put(request: Request, serving: Serving) -> Response:
    """Answer a chat as a whole. `latency` counts from here, with the model in memory."""
    begun_s = time.monotonic()
    asked = await _asked(request, serving)
    said = await while_connected(request.receive, _run(serving.door, within_context(asked.asks[0])))
    reply = to_reply(
        (read_whole(said.answer.text, asked.reading).content or "").strip(),
        worker_id=said.worker_id,
        version=version(serving.model, asked.facts),
        latency_s=time.monotonic() - begun_s,
    )
    return json_reply(reply)


async def _asked(request: Request, serving: Serving) -> AskedChat:
    """Return the engine's request for the body of `request`. Raises InvalidRequestError."""
    wanted = to_body(await body.read_bytes(request), request.query_params)
    messages, fields = dialogue(to_messages(wanted)), to_fields(wanted, serving.persona)
    template = serving.template(_FORMAT)
    await by_size(request, functools.partial(check_marks, messages, template.source))
    wish = ChatWish(messages=messages, is_continued=False)
    return await ChatAsking(serving, template=template).ask(request, wish, fields, Gallery())


async def _run(door: DoorPort, ask: Ask) -> _Said:
    """Return the whole answer. Raises ContextExceededError."""
    said = await _answered(door, ask)
    if said is None:
        raise await _exceeded(door, ask)
    return said


async def _answered(door: DoorPort, ask: Ask) -> _Said | None:
    """Return the whole answer, None where the engine would have to shorten the prompt for it."""
    answer = Answer(ask, 0)
    async with submitted(door, [ask]) as events:
        worker_id = door.worker_id
        async for _, event in events:
            if isinstance(event, SequenceStart) and event.is_truncated:
                return None
            if isinstance(event, SequenceOutput):
                answer.add(event)
    return _Said(answer, worker_id)


async def _exceeded(door: DoorPort, ask: Ask) -> ContextExceededError:
    pieces = [piece for piece in ask.request.prompt if isinstance(piece, str | list)]
    tokenized = await door.tokenize(pieces, add_special=ask.request.is_bos_wanted, parse_special=True)
    n_prompt, n_ctx = len(tokenized.tokens), door.facts().n_ctx
    return ContextExceededError(
        f"Field 'messages': the chat has {n_prompt} tokens, and the model's context holds {n_ctx}; leave out "
        "the oldest messages",
        n_prompt_tokens=n_prompt,
        n_ctx=n_ctx,
    )
