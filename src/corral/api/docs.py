"""`/docs`: the API's description in Swagger UI, from an installed package so that it works offline."""

from __future__ import annotations

import functools
import importlib.resources

from starlette.requests import Request
from starlette.responses import Response

from corral.api.endpoint import Endpoint, Handler
from corral.api.openapi import describe
from corral.api.replies import html_reply, json_reply
from corral.core.errors import NotFoundError

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Corral API</title>
<link rel="stylesheet" href="docs/swagger-ui.css">
<link rel="icon" href="docs/favicon-32x32.png">
</head>
<body>
<div id="api"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script>SwaggerUIBundle({url: "openapi.json", dom_id: "#api", validatorUrl: null, deepLinking: true})</script>
</body>
</html>
"""
_ASSETS = {
    "swagger-ui.css": "text/css; charset=utf-8",
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "favicon-32x32.png": "image/png",
}


def routes(described: list[Endpoint], *, version: str, prefix: str = "") -> list[Endpoint]:
    """Return the rows that serve the description of `described`, which stand under `prefix`."""
    document = describe(described, version=version, prefix=prefix)

    async def openapi(_request: Request) -> Response:
        return json_reply(document)

    return [
        _row("/docs", page, "This page"),
        _row("/docs/{asset}", asset, "A part of the page"),
        _row("/openapi.json", openapi, "The description itself"),
    ]


async def page(_request: Request) -> Response:
    """Return the page around Swagger UI."""
    return html_reply(_PAGE)


async def asset(request: Request) -> Response:
    """Return a file of Swagger UI. Raises NotFoundError for any but those that the page needs."""
    name = request.path_params["asset"]
    if name not in _ASSETS:
        raise NotFoundError("File Not Found")
    headers = {"content-type": _ASSETS[name], "cache-control": "max-age=86400"}
    return Response(_read(name), headers=headers)


@functools.cache
def _read(name: str) -> bytes:
    (folder,) = (importlib.resources.files("swagger_ui_bundle") / "vendor").iterdir()
    return (folder / name).read_bytes()


def _row(path: str, handler: Handler, summary: str) -> Endpoint:
    return Endpoint(paths=(path,), handler=handler, tag="docs", summary=summary, is_public=True)
