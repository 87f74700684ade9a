"""What an answer said, read from its whole stream: a chat goes on behind it.

Read after the stream has ended, so that no token pays for it.
"""

from __future__ import annotations

import msgspec

from corral.bench.prompt import Prompt


class _Words(msgspec.Struct):
    content: str | None = None


class _Choice(msgspec.Struct):
    text: str | None = None
    delta: _Words | None = None


class _Event(msgspec.Struct):
    """One event of any of the dialects."""

    content: str | None = None
    tokens: list[int] = []
    choices: list[_Choice] = []


_decoder = msgspec.json.Decoder(_Event)


def said_in(body: bytes, *, is_in_ids: bool) -> Prompt:
    """Return the answer that the stream `body` carried, as token ids or as text.

    The final event of llama-server's own API carries neither again while it streams. An event that is not of
    any dialect adds nothing.
    """
    events = [event for line in body.split(b"\n") if (event := _event_in(line)) is not None]
    if is_in_ids:
        return [token for event in events for token in event.tokens]
    return "".join(_text_of(event) for event in events)


def _event_in(line: bytes) -> _Event | None:
    if not line.startswith(b"data:"):
        return None
    try:
        return _decoder.decode(line[len(b"data:") :].strip())
    except msgspec.DecodeError:
        return None  # [DONE]


def _text_of(event: _Event) -> str:
    if event.content is not None:
        return event.content
    choice = event.choices[0] if event.choices else _Choice()
    return choice.text or (choice.delta and choice.delta.content) or ""
