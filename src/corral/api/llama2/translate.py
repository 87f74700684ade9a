"""`PUT /put/text` on the wire <-> what the engine is asked. Pure."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from corral.api import body
from corral.api.generation.fields import GenerationFields
from corral.api.generation.limits import UNTIL_FULL
from corral.api.generation.numbers import whole
from corral.api.generation.request import Ask
from corral.api.llama2.types import PutTextBody
from corral.core.errors import InvalidRequestError
from corral.core.messages import ModelFacts
from corral.prompt.persona import Persona, PersonaSampling

DEFAULT_TEMPERATURE = 0.6
DEFAULT_TOP_P = 0.9

_LIST = re.compile(rb"\s*\[")
_OPTIONS = ("max_gen_len", "temperature", "top_p")


def to_body(content: bytes, query: Mapping[str, str]) -> PutTextBody:
    """Return the body, whose options the query may give where it does not. Raises InvalidRequestError."""
    read = _read(content)
    for name in _OPTIONS:
        if getattr(read, name) is None and name in query:
            setattr(read, name, _number(name, query[name]))
    return read


def to_messages(read: PutTextBody) -> list[Any]:
    """Return the messages, yet unread. Raises InvalidRequestError."""
    if read.messages is None:
        raise InvalidRequestError("Field 'messages': expected a list of messages")
    return read.messages


def to_fields(read: PutTextBody, persona: Persona | None = None) -> GenerationFields:
    """Return the options. What neither the body says nor `persona` likes has the dialect's default.

    Raises InvalidRequestError for one that is out of range.
    """
    liked = persona.sampling if persona is not None else PersonaSampling()
    return GenerationFields(
        n_predict=_max_gen_len(read.max_gen_len, UNTIL_FULL if liked.max_tokens is None else None),
        temperature=_share(
            "temperature", read.temperature, DEFAULT_TEMPERATURE if liked.temperature is None else None
        ),
        top_p=_share("top_p", read.top_p, DEFAULT_TOP_P if liked.top_p is None else None),
    )


def within_context(ask: Ask) -> Ask:
    """Return `ask` so that its answer ends where the context does, whatever length was asked for."""
    return msgspec.structs.replace(
        ask, request=msgspec.structs.replace(ask.request, is_until_context_full=True)
    )


def to_reply(content: str, *, worker_id: int, version: str, latency_s: float) -> dict[str, Any]:
    """Return the answer; `choices` is one message, which a client adds to its list as it is."""
    return {
        "worker_id": worker_id,
        "choices": {"role": "assistant", "content": content},
        "version": version,
        "latency": latency_s,
    }


def version(model: str, facts: ModelFacts) -> str:
    """Return the model's name and what tells its content, its own version and sizes, and the build."""
    own = facts.metadata.get("general.version", "")
    content = f"{facts.file_type}, {facts.n_params} parameters, {facts.n_bytes} bytes".removeprefix(", ")
    named = " ".join(filter(None, (model, own)))
    return f"{named} ({content}; {facts.build})" if facts.build else f"{named} ({content})"


def _read(content: bytes) -> PutTextBody:
    if _LIST.match(content):
        return PutTextBody(messages=body.parse(content, list[Any]))
    return body.parse(content, PutTextBody)


def _max_gen_len(value: float | None, default: int | None) -> int | None:
    if value is None:
        return default
    n_tokens = whole("max_gen_len", value)
    if n_tokens < 1:
        raise InvalidRequestError(f"Field 'max_gen_len': must be 1 or greater, got {n_tokens}")
    return n_tokens


def _share(name: str, value: float | None, default: float | None) -> float | None:
    if value is None:
        return default
    if not 0 <= value <= 1:
        raise InvalidRequestError(f"Field '{name}': must be between 0 and 1, got {value}")
    return value


def _number(name: str, text: str) -> int | float:
    """Return a number of the query; what is none, `nan` and `inf` among it, is refused."""
    with contextlib.suppress(ValueError, msgspec.DecodeError):
        return msgspec.json.decode(text, type=int | float)
    raise InvalidRequestError(f"Field '{name}': expected a number, got {text[:50]!r}")
