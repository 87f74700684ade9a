"""The body of `PUT /put/text`."""

from __future__ import annotations

from typing import Any

import msgspec

from corral.api.generation.fields import Whole


class PutTextBody(msgspec.Struct, kw_only=True):
    """A chat and its three options; the chat alone, as a list, is a body too.

    `model` says which model where there are several.
    """

    messages: list[Any] | None = None
    max_gen_len: Whole = None
    temperature: float | None = None
    top_p: float | None = None
    model: str | None = None
