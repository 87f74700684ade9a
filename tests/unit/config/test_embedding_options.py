"""What a server of vectors or scores may be told beside that."""

from __future__ import annotations

import pytest

from corral.core.errors import SettingsError

ONE_OF_TWO = "error: either --embedding or --reranking can be specified, but not both"


@pytest.mark.parametrize(
    ("words", "environ"),
    [
        (["--embedding", "--reranking"], {}),
        (["--rerank", "--embeddings"], {}),
        (["--embedding"], {"LLAMA_ARG_RERANKING": "1"}),
        ([], {"LLAMA_ARG_RERANKING": "1", "LLAMA_ARG_EMBEDDINGS": "1"}),
    ],
)
def test_a_server_gives_vectors_or_scores(parse, words, environ):
    with pytest.raises(SettingsError) as caught:
        parse(*words, environ=environ)

    assert caught.value.message == ONE_OF_TWO


@pytest.mark.parametrize("pooling", ["none", "mean", "cls", "last"])
def test_reranking_has_a_pooling_of_its_own(parse, pooling):
    with pytest.raises(SettingsError, match="--pooling"):
        parse("--reranking", "--pooling", pooling)


def test_reranking_may_say_so_twice(parse):
    assert parse("--reranking", "--pooling", "rank").settings.engine.purpose == "rank"


def test_what_has_no_effect_is_said(parse):
    alone = parse("--pooling", "mean").warnings
    beside = parse("--embedding", "--pooling", "mean", "--mmproj", "a.gguf").warnings

    assert alone == ("warn: --pooling has no effect without --embedding",)
    assert beside == ("warn: --mmproj has no effect on embeddings and reranking, which read text only",)


@pytest.mark.parametrize(
    "words", [["--pooling", "max"], ["--embd-normalize", "-2"], ["--embedding-shape", "a"]]
)
def test_other_words_are_refused(parse, words):
    with pytest.raises(SettingsError, match=words[0]):
        parse(*words)
