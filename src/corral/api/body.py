"""Request bodies: JSON into wire structs, whatever the Content-Type says. Bad input names its field."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec
from starlette.requests import ClientDisconnect, Request

from corral.api.connection import ClientGoneError
from corral.api.errors import BodyTooLargeError
from corral.core.errors import InvalidRequestError

MAX_BODY_BYTES = 64 * 1024 * 1024

_T = TypeVar("_T")

_decoders: dict[type, msgspec.json.Decoder[Any]] = {}

_MAX_COMPLAINT = 500  # characters; msgspec repeats what the client wrote
_MISSING = "Object missing required field "


async def read(request: Request, wanted: type[_T]) -> _T:
    """Return the body as a `wanted`. Raises InvalidRequestError or BodyTooLargeError."""
    return parse(await read_bytes(request), wanted)


async def read_bytes(request: Request) -> bytes:
    """Return the raw body, once. Raises BodyTooLargeError as soon as it is known to be too large."""
    kept: bytes | None = request.scope.get("state", {}).pop("body", None)
    return await _received(request) if kept is None else kept


async def keep(request: Request) -> bytes:
    """Return the raw body and leave it in the request's state, from where `read_bytes` takes it."""
    content = request.state.body = await read_bytes(request)
    return content


async def _received(request: Request) -> bytes:
    announced = request.headers.get("content-length", "")
    _refuse_large(int(announced) if announced.isascii() and announced.isdigit() else 0)
    chunks = []
    n_bytes = 0
    try:
        async for chunk in request.stream():
            n_bytes += len(chunk)
            _refuse_large(n_bytes)
            chunks.append(chunk)
    except ClientDisconnect:
        raise ClientGoneError from None
    return b"".join(chunks)


def parse(body: bytes, wanted: type[_T]) -> _T:
    """Return `body` as a `wanted`; unknown keys are ignored. Raises InvalidRequestError."""
    try:
        found: _T = _decoder(wanted).decode(body)
    except msgspec.ValidationError as error:
        raise InvalidRequestError(_named(str(error))) from None
    except RecursionError:
        raise InvalidRequestError("The body is nested too deeply") from None
    except UnicodeDecodeError:
        raise InvalidRequestError("The body is not valid UTF-8") from None
    except ValueError as error:  # msgspec.DecodeError is one
        raise InvalidRequestError(f"The body is not valid JSON: {error}") from None
    return found


def _decoder(wanted: type) -> msgspec.json.Decoder[Any]:
    """Return the one decoder of a struct; there are as many as there are routes."""
    if wanted not in _decoders:
        _decoders[wanted] = msgspec.json.Decoder(wanted)
    return _decoders[wanted]


def _refuse_large(n_bytes: int) -> None:
    if n_bytes > MAX_BODY_BYTES:
        raise BodyTooLargeError(f"The body is larger than {MAX_BODY_BYTES} bytes")


def _named(complaint: str) -> str:
    """Turn msgspec's "Expected `int | null`, got `str` - at `$.top_k`" into "Field 'top_k': expected ..."."""
    what, found, path = complaint.rpartition(" - at `$")
    field = path.removesuffix("`").removeprefix(".") if found else ""
    said = (what if found else path)[:_MAX_COMPLAINT].replace(" | null", "").replace("`", "")
    missing = said.removeprefix(_MISSING)
    if missing != said:
        return f"Field '{field}{'.' if field else ''}{missing}': it is required"
    where = f"Field '{field}'" if field else "The body"
    return f"{where}: {said[:1].lower()}{said[1:]}"
