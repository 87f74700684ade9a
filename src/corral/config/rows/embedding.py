"""Options about vectors, scores of documents, and filling in the middle."""

from __future__ import annotations

from corral.config.kinds import INT_MAX, Choice, Constant, Integer
from corral.config.option import Option

EMBEDDING = Option(
    flags="--embedding --embeddings",
    env="LLAMA_ARG_EMBEDDINGS",
    fills="engine.purpose",
    kind=Constant("embed"),
    default_text="off",
    help="Serve vectors instead of completions. No input may be longer than --ubatch-size.",
    differs="The vectors of a batch do not depend on its neighbours.",
)
RERANKING = Option(
    flags="--reranking --rerank",
    env="LLAMA_ARG_RERANKING",
    fills="engine.purpose",
    kind=Constant("rank"),
    default_text="off",
    help="Serve scores of documents instead of completions.",
    differs="It excludes another --pooling than rank.",
)

ROWS = (
    EMBEDDING,
    RERANKING,
    Option(
        flags="--pooling",
        env="LLAMA_ARG_POOLING",
        fills="engine.pooling",
        kind=Choice({name: name for name in ("none", "mean", "cls", "last", "rank")}),
        default_text="the model's own",
        help="How the vectors of an input's tokens become one; none: they do not. rank is --reranking.",
    ),
    Option(
        flags="--embd-normalize",
        fills="generation.embd_normalize",
        kind=Integer(-1, INT_MAX),
        help="The length of vectors: -1 as they are, 0 numbers up to 32760, 1 taxicab, 2 Euclidean, more: p.",
    ),
    Option(
        flags="--embedding-shape",
        fills="server.embedding_shape",
        kind=Choice({"key": "key", "path": "path"}),
        help="Answers to embeddings: by key, `content` or `input`, or by path as the newest llama-server.",
        is_own=True,
    ),
    Option(
        flags="--spm-infill",
        fills="server.is_infill_suffix_first",
        help="Put the suffix before the prefix in /infill, as some models want it.",
    ),
)
