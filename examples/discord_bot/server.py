"""The client of Corral's `POST /chat`."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import httpx

_N_SHOWN = 500  # characters of an error's text that are worth a log line


class ChatError(Exception):
    """The server gave no answer; the message is for the log."""


class ServerDownError(ChatError):
    """Nobody answers at the address, or the connection broke."""


class SlowServerError(ChatError):
    """The answer took longer than the bot waits."""


class RefusedError(ChatError):
    """400, 401, 403, 404, 422: the same message would be refused again."""


class BusyServerError(ChatError):
    """429 or 503; `retry_after_s` is None where the server does not say."""

    def __init__(self, message: str, retry_after_s: int | None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


@dataclass(frozen=True)
class Reply:
    """What the character says, and how it feels where it has emotions."""

    message: str
    emotion: str | None


class ChatServer:
    """One Corral server at `url`. A cancelled `ask` closes its connection, which ends the generation."""

    def __init__(
        self,
        url: str,
        *,
        api_key: str | None = None,
        timeout_s: float = 120.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        headers = {} if api_key is None else {"Authorization": f"Bearer {api_key}"}
        self._timeout_s = timeout_s
        self._client = httpx.AsyncClient(
            base_url=url, headers=headers, timeout=timeout_s, transport=transport
        )

    async def ask(self, body: dict[str, Any]) -> Reply:
        """Return the answer to `body`; raises ChatError."""
        try:
            async with asyncio.timeout(self._timeout_s):  # httpx bounds each read, this the whole
                response = await self._client.post("/chat", json=body)
        except (TimeoutError, httpx.ReadTimeout) as error:
            raise SlowServerError(f"No answer within {self._timeout_s:g} s.") from error
        except httpx.HTTPError as error:
            raise ServerDownError(f"{type(error).__name__}: {error}") from error
        _raise_for_status(response)
        return _reply_of(response)

    async def close(self) -> None:
        """Close the connections that are kept."""
        await self._client.aclose()


def _raise_for_status(response: httpx.Response) -> None:
    if response.status_code == httpx.codes.OK:
        return
    reason = f"{response.status_code}: {response.text[:_N_SHOWN]}"
    if response.status_code in {429, 503}:
        raise BusyServerError(reason, _seconds(response.headers.get("Retry-After", "")))
    if response.status_code in {400, 401, 403, 404, 422}:
        raise RefusedError(reason)
    raise ChatError(reason)


def _seconds(retry_after: str) -> int | None:
    is_number = retry_after.isascii() and retry_after.isdigit() and len(retry_after) < 10
    return int(retry_after) if is_number else None


def _reply_of(response: httpx.Response) -> Reply:
    try:
        body = response.json()
    except ValueError as error:
        raise ChatError(f"The answer is no JSON: {response.text[:_N_SHOWN]}") from error
    message = body.get("message") if isinstance(body, dict) else None
    if not isinstance(message, str):
        raise ChatError(f"The answer has no message: {response.text[:_N_SHOWN]}")
    emotion = body.get("emotion")
    return Reply(message, emotion if isinstance(emotion, str) else None)
