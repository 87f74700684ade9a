"""Replies with the exact content types that llama-server's clients compare for equality."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from starlette.responses import Response

JSON_TYPE = "application/json; charset=utf-8"
TEXT_TYPE = "text/plain; charset=utf-8"
HTML_TYPE = "text/html; charset=utf-8"

_encode = msgspec.json.Encoder().encode


def json_reply(content: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return `content` as compact JSON: non-ASCII as it is, NaN and infinities as null."""
    return Response(_encode(content), status, {"content-type": JSON_TYPE, **(headers or {})})


def text_reply(content: str, status: int = 200) -> Response:
    """Return plain text."""
    return Response(content, status, {"content-type": TEXT_TYPE})


def html_reply(content: str, status: int = 200) -> Response:
    """Return a page."""
    return Response(content, status, {"content-type": HTML_TYPE})
