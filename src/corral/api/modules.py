"""The JavaScript module that pages import from the server, `/completion.js`."""

from __future__ import annotations

import functools
import importlib.resources

from starlette.requests import Request
from starlette.responses import Response

from corral.api.endpoint import Endpoint

_HEADERS = {"content-type": "text/javascript; charset=utf-8", "cache-control": "no-cache"}


def routes() -> list[Endpoint]:
    """Return the rows of the module."""
    return [
        Endpoint(
            paths=("/completion.js",),
            handler=completion,
            tag="page",
            summary="An ES module for pages of your own",
            note=(
                "`import { llama } from '/completion.js'`, then `for await (const chunk of llama(prompt))`. "
                "Its comments tell the rest. Put your page into a folder and start with `--path`."
            ),
            is_public=True,
        )
    ]


async def completion(_request: Request) -> Response:
    """Return the module."""
    return Response(_read("completion.js"), headers=_HEADERS)


@functools.cache
def _read(name: str) -> bytes:
    return (importlib.resources.files("corral.api") / "static" / name).read_bytes()
