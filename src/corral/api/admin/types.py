"""Bodies of the admin API. A body that may be left out has a default for each field."""

from __future__ import annotations

from typing import Annotated

import msgspec

_DAY_S = 86_400.0


class LoadBody(msgspec.Struct, kw_only=True, frozen=True):
    """`default`: the model is from now on the one of requests that name none."""

    default: bool | None = None


class UnloadBody(msgspec.Struct, kw_only=True, frozen=True):
    """`within_s`: what requests that run may still take."""

    within_s: Annotated[float, msgspec.Meta(ge=0, le=_DAY_S)] | None = None


class PinBody(msgspec.Struct, kw_only=True, frozen=True):
    """Whether the model stays, whatever else is wanted."""

    pinned: bool


class PullBody(msgspec.Struct, kw_only=True, frozen=True):
    """`source`: `owner/name[:QUANT]` or an address. `stream`: tell how far it is."""

    source: Annotated[str, msgspec.Meta(min_length=1)]
    stream: bool | None = None
