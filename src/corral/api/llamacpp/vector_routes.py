"""The rows of llama-server's routes for vectors and scores."""

from __future__ import annotations

from corral.api.embedding.answering import Embeddings
from corral.api.embedding.types import EmbeddingBody
from corral.api.endpoint import Endpoint
from corral.api.llamacpp.rerank import Rerank, RerankBody
from corral.api.serving import Serving

_TAG = "llama.cpp"


def routes(serving: Serving) -> list[Endpoint]:
    """Return the rows."""
    return [
        Endpoint(
            method="POST",
            paths=("/embedding", "/embeddings"),
            handler=Embeddings(serving).native,
            tag=_TAG,
            summary="Turn text into vectors",
            note=(
                "Needs `--embedding`. With `content` the answer is an object, with `input` OpenAI's list. "
                "With `--embedding-shape path`, or without pooling, it is an array that holds an array of "
                "vectors for each input. `encoding_format` is float or base64."
            ),
            body=EmbeddingBody,
            example={"content": "The quick brown fox"},
        ),
        Endpoint(
            method="POST",
            paths=("/reranking", "/rerank", "/v1/rerank", "/v1/reranking"),
            handler=Rerank(serving).__call__,
            tag=_TAG,
            summary="Order documents by how well they answer a query",
            note=(
                "Needs `--reranking`. The best come first, at most `top_n`. With `texts` instead of "
                "`documents` the answer is the bare array of Text Embeddings Inference."
            ),
            body=RerankBody,
            example={"query": "What is a panda?", "documents": ["It is a bear.", "Hello"], "top_n": 1},
        ),
    ]
