"""POST /infill: a completion between two texts."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from corral.api import body
from corral.api.auth import caller_of
from corral.api.generation.infill import Chunk, Gap, infill_ids, missing
from corral.api.generation.limits import n_predict
from corral.api.llamacpp.completion import answer
from corral.api.llamacpp.types import CompletionBody
from corral.api.serving import Serving
from corral.core.errors import InvalidRequestError, NotSupportedError

_BAD_EXTRA = '"input_extra" must be an array of {"filename": string, "text": string}'
_NO_TEXT = 'extra_context chunk must contain a "text" field with a string value'
_BAD_NAME = 'extra_context chunk\'s "filename" field must be a string'


class InfillBody(CompletionBody, kw_only=True):
    """POST /infill: what stands around the gap, and every option of /completion.

    `prompt` is what was typed behind `input_prefix`; `input_extra` are other files.
    """

    input_prefix: str | None = None
    input_suffix: str | None = None
    input_extra: Any = None


async def fill_in(request: Request, serving: Serving) -> Response:
    """Answer as `/completion` does, for a prompt made of the texts around the gap."""
    facts = serving.terms(caller_of(request), is_cached=False).facts
    lacking = missing(facts.infill)
    if lacking:
        raise NotSupportedError(f"Infill is not supported by this model: {lacking}")
    wanted = await body.read(request, InfillBody)
    ids = await infill_ids(
        serving.door,
        facts,
        _gap(wanted),
        n_predict=n_predict(wanted, serving.settings.generation.n_predict),
        is_suffix_first=serving.settings.server.is_infill_suffix_first,
    )
    wanted.prompt = ids
    shown = (await serving.door.detokenize(ids)).decode("utf-8", "replace")
    return await answer(request, serving, wanted, shown=shown)


def _gap(wanted: InfillBody) -> Gap:
    if wanted.input_prefix is None and wanted.input_suffix is None:
        raise InvalidRequestError('"input_prefix" is required')
    if not isinstance(wanted.prompt, str | None):
        raise InvalidRequestError('"prompt" must be a string')
    return Gap(
        prefix=wanted.input_prefix or "",
        typed=wanted.prompt or "",
        suffix=wanted.input_suffix or "",
        extra=_extra(wanted.input_extra),
    )


def _extra(value: object) -> tuple[Chunk, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise InvalidRequestError(_BAD_EXTRA)
    return tuple(map(_chunk, value))


def _chunk(value: object) -> Chunk:
    match value:
        case {"text": str(), "filename": filename} if not isinstance(filename, str | None):
            raise InvalidRequestError(_BAD_NAME)
        case {"text": str(text), "filename": str(filename)}:
            return Chunk(text, filename)
        case {"text": str(text)}:
            return Chunk(text)
    raise InvalidRequestError(_NO_TEXT)
