"""Which headers are handed on to the server that runs a model, and which of its own are passed back. Pure.

Both are lists of what may pass: a key, a cookie or a rule for browsers that nobody thought of stays where it
is.
"""

from __future__ import annotations

from starlette.datastructures import Headers

from corral.core.errors import LoopError

HeaderList = list[tuple[bytes, bytes]]

HOPS = "corral-hops"
# Servers that hand on to each other come to an end.
MAX_HOPS = 8

_ASKED = frozenset(
    {
        "accept",
        "accept-language",
        "idempotency-key",
        "openai-beta",
        "traceparent",
        "tracestate",
        "user-agent",
        "x-client-request-id",
        "x-request-id",
    }
)
_ANSWERED = frozenset(
    {
        b"cache-control",
        b"content-encoding",
        b"content-language",
        b"content-length",
        b"content-type",
        b"openai-model",
        b"openai-processing-ms",
        b"openai-version",
        b"retry-after",
        b"retry-after-ms",
        b"x-request-id",
        b"x-should-retry",
    }
)
_LIMITS = b"x-ratelimit-"


def asked(given: Headers, model: str) -> HeaderList:
    """Return the headers of the request to the other server.

    Its answer is to come as it is (no encoding), so that it can be passed on in the pieces in which it comes.
    Raises LoopError for a request that was handed on too often.
    """
    n_hops = _hops(given.get(HOPS, ""))
    if n_hops >= MAX_HOPS:
        raise LoopError(f"The model '{model}' is handed on in a circle: {n_hops} servers did so in a row")
    kept = [(name.encode(), given[name].encode("latin-1")) for name in sorted(_ASKED) if name in given]
    own = {"content-type": "application/json", "accept-encoding": "identity", HOPS: str(n_hops + 1)}
    return [*kept, *((name.encode(), value.encode()) for name, value in own.items())]


def answered(given: HeaderList) -> HeaderList:
    """Return the headers of our answer."""
    return [one for one in given if one[0] in _ANSWERED or one[0].startswith(_LIMITS)]


def as_events(headers: HeaderList) -> HeaderList:
    """Return the headers of a stream, with what keeps others on the way from holding it back."""
    names = {name for name, _ in headers}
    own = [(b"cache-control", b"no-cache"), (b"x-accel-buffering", b"no")]
    return [*headers, *(one for one in own if one[0] not in names)]


def is_events(headers: HeaderList) -> bool:
    """Tell whether an answer is a stream of events."""
    kinds = [value for name, value in headers if name == b"content-type"]
    return any(kind.strip().lower().startswith(b"text/event-stream") for kind in kinds)


def is_encoded(headers: HeaderList) -> bool:
    """Tell whether a body is compressed although that was not asked for."""
    return any(name == b"content-encoding" and value.lower() != b"identity" for name, value in headers)


def with_length(headers: HeaderList, n_bytes: int) -> HeaderList:
    """Return headers for a body of this length."""
    return [*without_length(headers), (b"content-length", b"%d" % n_bytes)]


def without_length(headers: HeaderList) -> HeaderList:
    """Return headers for a body that may have another length now."""
    return [one for one in headers if one[0] != b"content-length"]


def _hops(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0
