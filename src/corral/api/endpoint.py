"""One row of the table of routes: routing, key check and documentation are all made from it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from corral.api.at_model import AtModel, OverModels

Handler = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """A method on one or more paths. `body` is the wire struct of its JSON body, None if it reads none.

    `handler` takes a request, and with it a model or all of them where it says so. `summary` is one line,
    `note` what else a client should know, `example` a body to try. `is_public`: served without a key.
    `is_admin`: only with an admin key. `differs` says what llama-server does otherwise, and why Corral does
    not. Not `is_served`: the route answers 501 whatever it is sent.
    """

    paths: tuple[str, ...]
    handler: Handler | AtModel | OverModels
    tag: str
    summary: str
    method: str = "GET"
    note: str = ""
    body: type | None = None
    example: Any = None
    is_public: bool = False
    is_admin: bool = False
    differs: str = ""
    is_served: bool = True
