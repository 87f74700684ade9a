"""Routes of the newest llama-server that Corral does not serve: each answers 501, why, and what to do."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from corral.api.endpoint import Endpoint
from corral.core.errors import NotSupportedError


@dataclass(frozen=True)
class Unserved:
    """Paths that share a `reason`. `rows` are pairs of a method and its path."""

    rows: tuple[tuple[str, str], ...]
    summary: str
    reason: str

    async def __call__(self, _request: Request) -> Response:
        """Refuse. Raises NotSupportedError."""
        raise NotSupportedError(self.reason)


TABLE = (
    Unserved(
        (("POST", "/v1/audio/transcriptions"), ("POST", "/audio/transcriptions")),
        "Write down speech",
        "Uploaded recordings are not transcribed. To a model that hears, send the recording in a chat: a "
        "part of type input_audio to /v1/chat/completions",
    ),
    Unserved(
        (("POST", "/v1/chat/completions/control"),),
        "End the thinking of an answer under way",
        "An answer under way cannot be steered. Bound its thinking beforehand, with thinking_budget_tokens "
        "in the request or --reasoning-budget, or close the connection to end it",
    ),
    Unserved(
        (
            ("GET", "/v1/stream"),
            ("DELETE", "/v1/stream"),
            ("GET", "/v1/stream/{conversation}"),
            ("DELETE", "/v1/stream/{conversation}"),
            ("GET", "/v1/streams"),
            ("POST", "/v1/streams/lookup"),
        ),
        "Take up a stream again",
        "Streams are not kept: a client that leaves ends its answer. Send the request again; its prompt is "
        "cached",
    ),
    Unserved(
        (("GET", "/tools"), ("POST", "/tools")),
        "Run the server's own tools",
        "This server runs no tools, because they would act on its machine for anyone who may chat. Offer "
        "tools of your own in `tools` and run them in the client",
    ),
    Unserved(
        (("GET", "/cors-proxy"), ("POST", "/cors-proxy")),
        "Fetch an address for the page",
        "This server fetches no addresses for pages, because that would open its network to them. Let the "
        "client fetch them",
    ),
    Unserved(
        (("POST", "/predict"),),
        "Answer in the form of Vertex AI",
        "Vertex AI's form of requests is not served. Send them to /v1/chat/completions",
    ),
)


def routes() -> list[Endpoint]:
    """Return a row for each route."""
    return [_row(unserved, method, path) for unserved in TABLE for method, path in unserved.rows]


def _row(unserved: Unserved, method: str, path: str) -> Endpoint:
    return Endpoint(
        method=method,
        paths=(path,),
        handler=unserved.__call__,
        tag="llama.cpp",
        summary=unserved.summary,
        note=f"Answers 501: {unserved.reason}.",
        differs=f"501. {unserved.reason}.",
        is_served=False,
    )
