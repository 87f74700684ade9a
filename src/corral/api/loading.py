"""While the model is not there: 503 before the key check, a page for browsers; only /admin is served."""

from __future__ import annotations

import html
from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from corral.api.errors import status_of, to_reply
from corral.api.replies import html_reply
from corral.core.errors import ModelLoadingError, UnavailableError

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
{refresh}<title>Corral</title>
<style>body{{font:1.1rem system-ui,sans-serif;margin:20vh auto;max-width:36rem;text-align:center}}</style>
</head>
<body><h1>{message}</h1><p>{hint}</p></body>
</html>
"""


# What shows how far the loading is, and ends it; locked by itself.
_ADMIN = "/admin/"


class LoadingGate:
    """ASGI middleware: let requests through once `check` stops raising UnavailableError."""

    def __init__(self, app: ASGIApp, check: Callable[[], object]) -> None:
        self._app = app
        self._check = check

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, or say that the model is not ready."""
        if scope["type"] == "http" and not scope["path"].startswith(_ADMIN):
            try:
                self._check()
            except UnavailableError as error:
                is_page = _is_page(scope["path"])
                reply = html_reply(_page(error), status_of(error)) if is_page else to_reply(error)
                await reply(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _is_page(path: str) -> bool:
    return path == "/" or path.endswith(".html")


def _page(error: UnavailableError) -> str:
    if isinstance(error, ModelLoadingError):
        refresh = '<meta http-equiv="refresh" content="2">\n'
        hint = "This page opens by itself when the model is ready."
    else:
        refresh, hint = "", "See the server's log."
    return _PAGE.format(refresh=refresh, message=html.escape(error.message), hint=hint)
