"""The rows of llama-server's routes for vectors and scores."""

from __future__ import annotations

from corral.api.at_model import AtModel
from corral.api.embedding import answering
from corral.api.embedding.types import EmbeddingBody
from corral.api.endpoint import Endpoint
from corral.api.llamacpp.rerank import RerankBody, rerank

_TAG = "llama.cpp"


def routes() -> list[Endpoint]:
    """Return the rows."""
    return [
        Endpoint(
            method="POST",
            paths=("/embedding", "/embeddings"),
            handler=AtModel(answering.native, purpose="embed", is_charged=True),
            tag=_TAG,
            summary="Turn text into vectors",
            note=(
                "Needs `--embedding`. With `content` the answer is an object, with `input` OpenAI's list. "
                "With `--embedding-shape path`, or without pooling, it is an array that holds an array of "
                "vectors for each input. `encoding_format` is float or base64."
            ),
            body=EmbeddingBody,
            example={"content": "The quick brown fox"},
            differs=(
                "The key decides the shape, as in 2024, because older clients read `embedding` from an "
                "object; the newest server always sends its array, which `--embedding-shape path` gives. "
                "Other `dimensions` than the model's are refused: vectors are not shortened."
            ),
        ),
        Endpoint(
            method="POST",
            paths=("/reranking", "/rerank", "/v1/rerank", "/v1/reranking"),
            handler=AtModel(rerank, purpose="rank", is_charged=True),
            tag=_TAG,
            summary="Order documents by how well they answer a query",
            note=(
                "Needs `--reranking`. The best come first, at most `top_n`. With `texts` instead of "
                "`documents` the answer is the bare array of Text Embeddings Inference."
            ),
            body=RerankBody,
            example={"query": "What is a panda?", "documents": ["It is a bear.", "Hello"], "top_n": 1},
            differs=(
                "Sorted and cut to `top_n`, as Jina's API and the newest server do; the server of 2024 kept "
                "the order of the documents. `return_documents` is served."
            ),
        ),
    ]
