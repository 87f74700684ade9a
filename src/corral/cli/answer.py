"""One answer of a chat, as the server streams it."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, NamedTuple, TypeVar

import msgspec

from corral.cli.outcome import CommandError
from corral.cli.server import Server


class Message(NamedTuple):
    """One turn of a chat. `role`: system, user or assistant."""

    role: str
    text: str


class Piece(NamedTuple):
    """A piece of an answer, or of the thoughts before it."""

    text: str
    is_thought: bool = False


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """How the model is to answer; None: as the server has it. `system` stands before what was said."""

    system: str | None = None
    temperature: float | None = None
    max_tokens: int | None = None


class _Text(msgspec.Struct):
    content: str | None = None
    reasoning_content: str | None = None


class _Choice(msgspec.Struct):
    """Of an event of a stream: `delta`; of a whole answer: the others."""

    delta: _Text = msgspec.field(default_factory=_Text)
    message: _Text = msgspec.field(default_factory=_Text)
    finish_reason: str | None = None


class _Chunk(msgspec.Struct):
    choices: list[_Choice] = []


class _Reply(msgspec.Struct):
    model: str
    choices: list[_Choice] = []
    usage: dict[str, Any] = {}


_T = TypeVar("_T")


def body_of(model: str, messages: list[Message], wish: Wish) -> dict[str, Any]:
    """Return the body of OpenAI's chat route."""
    system = [Message("system", wish.system)] if wish.system is not None else []
    turns = [{"role": message.role, "content": message.text} for message in (*system, *messages)]
    limits = {"temperature": wish.temperature, "max_tokens": wish.max_tokens}
    given = {name: value for name, value in limits.items() if value is not None}
    return {"model": model, "messages": turns, **given}


def answer(server: Server, model: str, messages: list[Message], wish: Wish) -> Generator[Piece, None, None]:
    """Yield the answer piece by piece. Closing it early ends the request. Raises CommandError."""
    body = {**body_of(model, messages, wish), "stream": True}
    with server.events_of("POST", "/v1/chat/completions", body) as events:
        for event in events:
            for choice in _decoded(event, _Chunk).choices:
                if choice.delta.reasoning_content:
                    yield Piece(choice.delta.reasoning_content, is_thought=True)
                if choice.delta.content:
                    yield Piece(choice.delta.content)


def whole_answer(server: Server, model: str, messages: list[Message], wish: Wish) -> dict[str, Any]:
    """Return an answer at its end: model, content, reasoning, finish_reason, usage. Raises CommandError."""
    reply = _decoded(server.posted("/v1/chat/completions", body_of(model, messages, wish)), _Reply)
    if not reply.choices:
        raise CommandError("The server gave no answer.")
    chosen = reply.choices[0]
    return {
        "model": reply.model,
        "content": chosen.message.content or "",
        "reasoning": chosen.message.reasoning_content,
        "finish_reason": chosen.finish_reason,
        "usage": reply.usage,
    }


def _decoded(content: bytes, wanted: type[_T]) -> _T:
    try:
        return msgspec.json.decode(content, type=wanted)
    except msgspec.DecodeError as error:
        raise CommandError(f"The server's answer cannot be read: {error}.") from error
