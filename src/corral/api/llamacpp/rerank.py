"""POST /rerank: documents by how well they answer a query, in Jina's form or in TEI's."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from corral.api import body
from corral.api.auth import caller_of
from corral.api.connection import while_connected
from corral.api.generation.fields import Whole
from corral.api.generation.numbers import whole
from corral.api.replies import json_reply
from corral.api.serving import Serving
from corral.core.errors import InvalidRequestError, NotSupportedError
from corral.core.messages import Ranked

MAX_DOCUMENTS = 8192

_OFF = "This server does not support reranking. Start it with `--reranking`"
_NO_DOCUMENTS = '"documents" must be a non-empty string array'


class RerankBody(msgspec.Struct):
    """POST /rerank. `documents` for Jina's form, `texts` for that of Text Embeddings Inference."""

    query: Any = None
    documents: Any = None
    texts: Any = None
    model: str | None = None
    top_n: Whole = None
    return_documents: bool | None = None
    return_text: bool | None = None


async def rerank(request: Request, serving: Serving) -> Response:
    """Return the best documents first."""
    if serving.door.facts().purpose != "rank":
        raise NotSupportedError(_OFF)
    wanted = await body.read(request, RerankBody)
    query, documents = _query(wanted), _documents(wanted)
    n = _n_best(wanted, len(documents))
    ranking = serving.door.rank(query, documents, caller=caller_of(request))
    ranked = await while_connected(request.receive, ranking)
    best = _best(ranked.scores, n)
    if wanted.texts is not None:
        return json_reply(_tei(best, ranked, documents, wanted))
    return json_reply(_jina(best, ranked, documents, wanted, model=wanted.model or serving.model))


def _query(wanted: RerankBody) -> str:
    if wanted.query is None:
        raise InvalidRequestError('"query" must be provided')
    if not isinstance(wanted.query, str):
        raise InvalidRequestError('"query" must be a string')
    return wanted.query


def _documents(wanted: RerankBody) -> list[str]:
    given = wanted.texts if wanted.documents is None else wanted.documents
    if not isinstance(given, list) or not given or not all(isinstance(text, str) for text in given):
        raise InvalidRequestError(_NO_DOCUMENTS)
    if len(given) > MAX_DOCUMENTS:
        raise InvalidRequestError(f'"documents" may hold at most {MAX_DOCUMENTS} texts')
    return given


def _n_best(wanted: RerankBody, n_documents: int) -> int:
    n = n_documents if wanted.top_n is None else whole("top_n", wanted.top_n)
    if n < 0:
        raise InvalidRequestError("Field 'top_n': must be 0 or greater")
    return min(n, n_documents)


def _best(scores: list[float], n: int) -> list[int]:
    """Return the places of the `n` highest scores, highest first; a score that is no number comes last."""
    return sorted(range(len(scores)), key=lambda i: (scores[i] != scores[i], -scores[i], i))[:n]


def _tei(best: list[int], ranked: Ranked, texts: list[str], wanted: RerankBody) -> list[dict[str, Any]]:
    return [
        {"index": i, "score": ranked.scores[i], **({"text": texts[i]} if wanted.return_text else {})}
        for i in best
    ]


def _jina(
    best: list[int], ranked: Ranked, documents: list[str], wanted: RerankBody, *, model: str
) -> dict[str, Any]:
    n_tokens = sum(ranked.n_tokens)
    return {
        "model": model,
        "object": "list",
        "usage": {"prompt_tokens": n_tokens, "total_tokens": n_tokens},
        "results": [
            {
                "index": i,
                "relevance_score": ranked.scores[i],
                **({"document": {"text": documents[i]}} if wanted.return_documents else {}),
            }
            for i in best
        ],
    }
