"""What the clients of the endurance run do: chats of all kinds, some of whom leave early."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx

_LEAVES = 0.3  # of the requests
_MEAN_LEAVE_S = 0.2  # most answers take longer
_FULL = httpx.codes.SERVICE_UNAVAILABLE
_MOST_TURNS = 4
_MOST_TOKENS = 64
_WORDS = ("the", "cat", "dog", "house", "red", "green", "runs", "sleeps", "over", "tree", "river", "why")
_SCHEMA = {
    "type": "object",
    "properties": {"name": {"type": "string", "maxLength": 12}, "age": {"type": "integer", "maximum": 99}},
    "required": ["name", "age"],
}

Chat = list[dict[str, str]]

_ANSWERED, _LEFT, _REFUSED = "answered", "left early", "refused by a full queue"
WELL = (_ANSWERED, _LEFT, _REFUSED)


async def ask_on(
    http: httpx.AsyncClient, random_: random.Random, until_s: float, endings: Counter[str]
) -> None:
    """Ask one thing after another, in chats of some turns. Modifies `endings`."""
    chat: Chat = []
    while time.monotonic() < until_s:
        if len(chat) >= 2 * _MOST_TURNS or random_.random() < 1 / _MOST_TURNS:
            chat = []
        chat.append({"role": "user", "content": sentence(random_)})
        ending, text = await ended(http, wish(random_, chat), random_)
        endings[ending] += 1
        if ending == _ANSWERED:
            chat.append({"role": "assistant", "content": text})
        else:
            chat.pop()
        if ending == _REFUSED:
            await asyncio.sleep(random_.random())


def sentence(random_: random.Random) -> str:
    """Return something to say: short mostly, now and then long."""
    n_words = random_.choice((5, 10, 20, 150))
    return " ".join(random_.choices(_WORDS, k=n_words))


def wish(random_: random.Random, chat: Chat) -> dict[str, Any]:
    """Return the body of a request of some kind."""
    body = {"messages": chat, "max_tokens": random_.randint(1, _MOST_TOKENS), "cache_prompt": True}
    match random_.randrange(6):
        case 0:
            body["response_format"] = {
                "type": "json_schema",
                "json_schema": {"name": "one", "schema": _SCHEMA},
            }
        case 1:
            body["n"] = 3
        case 2:
            body |= {"logprobs": True, "top_logprobs": 3}
    body["stream"] = random_.random() < 0.7
    return body


async def ended(http: httpx.AsyncClient, body: dict[str, Any], random_: random.Random) -> tuple[str, str]:
    """Ask; return how that ended, and the text of the first answer."""
    leave_s = random_.expovariate(1 / _MEAN_LEAVE_S) if random_.random() < _LEAVES else None
    try:
        async with asyncio.timeout(leave_s):
            return await (streamed if body["stream"] else whole)(http, body)
    except TimeoutError:
        return _LEFT, ""
    except httpx.HTTPError as error:
        return f"failed: {type(error).__name__} {error}", ""


async def whole(http: httpx.AsyncClient, body: dict[str, Any]) -> tuple[str, str]:
    """Ask for the answer in one piece."""
    response = await http.post("/v1/chat/completions", json=body)
    if response.is_error:
        return trouble(response), ""
    return _ANSWERED, response.json()["choices"][0]["message"]["content"]


async def streamed(http: httpx.AsyncClient, body: dict[str, Any]) -> tuple[str, str]:
    """Ask for the answer as a stream, which must be whole."""
    texts, is_done = [], False
    async with http.stream("POST", "/v1/chat/completions", json=body) as response:
        if response.is_error:
            await response.aread()
            return trouble(response), ""
        async for line in response.aiter_lines():
            is_done = is_done or line == "data: [DONE]"
            if line.startswith("data: {"):
                texts.extend(first_deltas(json.loads(line.removeprefix("data: "))))
    return (_ANSWERED if is_done else "failed: the stream has no end"), "".join(texts)


def first_deltas(event: dict[str, Any]) -> Iterator[str]:
    """Yield the text that an event has of the first answer."""
    for choice in event.get("choices", ()):
        if choice["index"] == 0:
            yield choice["delta"].get("content") or ""


def trouble(response: httpx.Response) -> str:
    """Return how a request ended that was not answered."""
    return (
        _REFUSED if response.status_code == _FULL else f"failed: {response.status_code} {response.text[:200]}"
    )
