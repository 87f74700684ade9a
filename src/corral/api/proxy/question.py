"""What another server is asked: the client's body and query, with the name of the model there. Pure."""

from __future__ import annotations

from urllib.parse import unquote_plus

import msgspec

from corral.api import body

# They choose the model here; there the body names it.
_OURS = frozenset({"model", "autoload"})


def with_model(content: bytes, model: str | None) -> bytes:
    """Return a body that names `model`; what its other fields say stays as it is, byte for byte.

    None: it is sent as it is. Raises InvalidRequestError for what is no JSON object.
    """
    fields = body.parse(content, dict[str, msgspec.Raw])
    if model is None:
        return content
    fields["model"] = msgspec.Raw(msgspec.json.encode(model))
    return msgspec.json.encode(fields)


def onward_query(query: bytes) -> bytes:
    """Return a query without the parameters that are meant for this server."""
    kept = [part for part in query.split(b"&") if part and _name(part) not in _OURS]
    return b"&".join(kept)


def _name(part: bytes) -> str:
    return unquote_plus(part.partition(b"=")[0].decode("latin-1"))
