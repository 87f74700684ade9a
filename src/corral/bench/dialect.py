"""The three ways to ask for a stream of tokens, and the final event that counts them.

llama.cpp's native API counts in its last event (`tokens_predicted`, `tokens_evaluated`); OpenAI's APIs count
in `usage`, which must be asked for.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from corral.bench.errors import BenchError
from corral.bench.prompt import Prompt


class Ask(msgspec.Struct, frozen=True):
    """One request before it is worded: `is_greedy` False leaves the server's own sampling defaults.

    `said` is what was said in the chat before `prompt`: the user's words and the answers in turn, all of the
    prompt's kind. `system` comes before everything.
    """

    prompt: Prompt
    n_predict: int
    is_greedy: bool = True
    model: str | None = None
    seed: int = 1
    schema: Mapping[str, Any] | None = None
    system: Prompt | None = None
    said: tuple[Prompt, ...] = ()
    is_cached: bool = False
    is_drafted: bool = True


class Dialect(msgspec.Struct, frozen=True):
    """How one API words a request.

    `first_token` finds the event that carries the first token; None where every event carries one.
    `has_token_ids`: events name the tokens of the answer, so that a chat may go on in token ids.
    """

    name: str
    path: str
    word: Callable[[Ask], dict[str, Any]]
    has_text_prompts: bool = False
    first_token: re.Pattern[bytes] | None = None
    has_token_ids: bool = False


class FinalCount(msgspec.Struct, frozen=True):
    """Tokens of one answer by the server's own count; `n_cached` prompt tokens were not computed anew."""

    n_prompt: int
    n_predicted: int
    n_cached: int = 0


# An event with text in it; the others are a role, a finish reason, a count.
TEXT_EVENT = re.compile(rb'"(?:content|text|reasoning_content)":\s*"[^"]')


def _common(ask: Ask) -> dict[str, Any]:
    """Fields that all three APIs of llama.cpp's server take."""
    fields: dict[str, Any] = {"stream": True, "ignore_eos": True, "cache_prompt": ask.is_cached}
    fields["seed"] = ask.seed
    if ask.is_greedy:
        fields["temperature"] = 0
    if ask.model is not None:
        fields["model"] = ask.model
    if ask.schema is not None:
        fields["json_schema"] = dict(ask.schema)
    if not ask.is_drafted:
        fields["speculative.n_max"] = 0
    return fields


def _whole(ask: Ask) -> Prompt:
    """Return system prompt, history and prompt as one."""
    pieces = [piece for piece in (ask.system, *ask.said, ask.prompt) if piece is not None]
    if isinstance(ask.prompt, str):
        return " ".join(str(piece) for piece in pieces)
    return [token for piece in pieces for token in piece if isinstance(token, int)]


def n_ids(ask: Ask) -> int:
    """Return how many token ids the whole prompt has; 0 for words."""
    return 0 if isinstance(ask.prompt, str) else len(_whole(ask))


def _native(ask: Ask) -> dict[str, Any]:
    return {**_common(ask), "prompt": _whole(ask), "n_predict": ask.n_predict}


def _openai(ask: Ask) -> dict[str, Any]:
    usage = {"include_usage": True}
    return {**_common(ask), "prompt": _whole(ask), "max_tokens": ask.n_predict, "stream_options": usage}


def _chat(ask: Ask) -> dict[str, Any]:
    fields = _openai(ask)
    del fields["prompt"]
    roles = itertools.cycle(("user", "assistant"))
    messages = [
        {"role": role, "content": piece} for role, piece in zip(roles, (*ask.said, ask.prompt), strict=False)
    ]
    system = [{"role": "system", "content": ask.system}] if ask.system is not None else []
    return {**fields, "messages": system + messages}


_DIALECTS = (
    Dialect("completion", "/completion", _native, has_token_ids=True),
    Dialect("openai", "/v1/completions", _openai),
    Dialect("chat", "/v1/chat/completions", _chat, has_text_prompts=True, first_token=TEXT_EVENT),
)
DIALECTS: Mapping[str, Dialect] = MappingProxyType({each.name: each for each in _DIALECTS})


class _PromptDetails(msgspec.Struct):
    cached_tokens: int | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int
    completion_tokens: int
    prompt_tokens_details: _PromptDetails | None = None


class _Timings(msgspec.Struct):
    cache_n: int | None = None


class _Event(msgspec.Struct):
    """The fields of an event that matter here; all others are skipped unparsed."""

    stop: bool | None = None
    tokens_predicted: int | None = None
    tokens_evaluated: int | None = None
    timings: _Timings | None = None
    usage: _Usage | None = None
    error: Any = None


_DONE = b"[DONE]"
_event_decoder = msgspec.json.Decoder(_Event)


def count_tokens(payloads: list[bytes]) -> FinalCount:
    """Return the server's count from the last `payloads` of a stream, oldest first.

    Raises:
        BenchError: the server reported an error, or the stream ended without a count.
    """
    for payload in reversed(payloads):
        count = None if payload == _DONE else _count_in(payload)
        if count is not None:
            return count
    raise BenchError("the stream ended without a final event that counts its tokens")


def _count_in(payload: bytes) -> FinalCount | None:
    try:
        event = _event_decoder.decode(payload)
    except msgspec.DecodeError as error:
        raise BenchError(f"the stream ended with an event that cannot be read: {error}") from error
    if event.error is not None:
        raise BenchError(
            f"the server reported an error in the stream: {msgspec.json.encode(event.error).decode()}"
        )
    if event.usage is not None:
        details = event.usage.prompt_tokens_details
        n_cached = details.cached_tokens if details else None
        return FinalCount(event.usage.prompt_tokens, event.usage.completion_tokens, n_cached or 0)
    # Newer servers count in every event, so a count alone does not make an event the final one.
    if event.stop and event.tokens_predicted is not None:
        n_cached = event.timings.cache_n if event.timings else None
        return FinalCount(event.tokens_evaluated or 0, event.tokens_predicted, n_cached or 0)
    return None
