"""The one place where an error becomes HTTP: a status, a type word and a JSON body.

The shape is llama-server's, which OpenAI clients read too: `{"error": {"code", "message", "type"}}`.
"""

from __future__ import annotations

from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from corral.api.connection import ClientGoneError
from corral.api.replies import json_reply
from corral.core import log
from corral.core.errors import CorralError, InternalError, InvalidRequestError, NotFoundError

_log = log.get("api")


class BodyTooLargeError(InvalidRequestError):
    """The request's body is larger than the server reads."""

    code = "body_too_large"


class BodyTimeoutError(InvalidRequestError):
    """The client stopped sending its body."""

    code = "body_timeout"


_INTERNAL = (500, "server_error")
_HTTP = {
    "invalid_request": (400, "invalid_request_error"),
    "context_exceeded": (400, "exceed_context_size_error"),
    "body_too_large": (413, "invalid_request_error"),
    "body_timeout": (408, "invalid_request_error"),
    "input_too_large": (500, "server_error"),
    "model_source": (400, "invalid_request_error"),
    "character_file": (400, "invalid_request_error"),
    "authentication": (401, "authentication_error"),
    "quota_exceeded": (429, "rate_limit_error"),
    "not_found": (404, "not_found_error"),
    "not_supported": (501, "not_supported_error"),
    "unavailable": (503, "unavailable_error"),
    "loading": (503, "unavailable_error"),
    "queue_full": (503, "unavailable_error"),
    "engine_crashed": (503, "unavailable_error"),
    "bad_gateway": (502, "upstream_error"),
    "gateway_timeout": (504, "upstream_error"),
    "loop_detected": (508, "upstream_error"),
}
# Facts that belong in the body; the others are for logs and headers.
_SHOWN_FACTS = ("n_prompt_tokens", "n_ctx", "n_ubatch")


def status_of(error: CorralError) -> int:
    """Return the HTTP status of `error`."""
    return _HTTP.get(error.code, _INTERNAL)[0]


def to_object(error: CorralError) -> dict[str, Any]:
    """Return what stands under "error" in a body or an event."""
    code, kind = _HTTP.get(error.code, _INTERNAL)
    shown = {name: error.facts[name] for name in _SHOWN_FACTS if name in error.facts}
    return {"code": code, "message": error.message, "type": kind, **shown}


def to_reply(error: CorralError) -> Response:
    """Return the HTTP reply of `error`, with `Retry-After` when a time is known."""
    retry = error.facts.get("retry_after_s")
    headers = {} if retry is None else {"retry-after": str(max(1, round(float(retry))))}
    return json_reply({"error": to_object(error)}, status_of(error), headers)


async def refuse_route(_request: Request, error: Exception) -> Response:
    """Answer Starlette's own errors: an unknown path or method is 404, never 405."""
    assert isinstance(error, HTTPException)
    if error.status_code in (404, 405):
        return to_reply(NotFoundError("File Not Found"))
    return to_reply(InvalidRequestError(error.detail))


class ErrorEdge:
    """ASGI middleware: whatever is raised inside becomes an answer; a fault of ours leaks nothing."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, and answer in place of an application that raised."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        has_started = False

        async def watched(message: Message) -> None:
            nonlocal has_started
            has_started = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except ClientGoneError:
            _log.debug("client.gone", path=scope["path"])
        except Exception as error:  # noqa: BLE001 - the ASGI edge, one of the three places
            reply = to_reply(_understood(error, scope["path"]))
            if not has_started:
                await reply(scope, receive, send)


def _understood(error: Exception, path: str) -> CorralError:
    if isinstance(error, CorralError):
        return error
    if isinstance(error, RecursionError):  # one that could just be parsed, and not be written again
        _log.warning("request.nested", path=path)
        return InvalidRequestError("The body is nested too deeply")
    _log.error("request.fault", path=path, exc_info=True)
    return InternalError("Internal server error")
