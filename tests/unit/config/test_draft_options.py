"""What guesses ahead: the text itself, a draft model, nothing."""

from __future__ import annotations

import pytest

from corral.core.engine_settings import DraftSettings
from corral.core.errors import SettingsError


def drafts(parse, *words):
    return parse(*words).settings.engine.drafts


def test_nothing_said_leaves_it_to_what_there_is(parse):
    assert drafts(parse) == DraftSettings(kinds=None, n_max=16, n_min=0, p_min=0.0, model_path=None)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("none", ()),
        ("ngram-simple", ("ngram-simple",)),
        ("draft-simple", ("draft-simple",)),
        ("ngram-simple,draft-simple", ("ngram-simple", "draft-simple")),
    ],
)
def test_kinds_go_by_llama_servers_names(parse, text, kinds):
    assert drafts(parse, "--spec-type", text, "-md", "small.gguf").kinds == kinds


@pytest.mark.parametrize("text", ["ngram-mod", "draft-eagle3", "ngram-simple,draft-mtp", "none,ngram-simple"])
def test_another_kind_is_refused_with_those_that_are_served(parse, text):
    with pytest.raises(SettingsError, match="ngram-simple, draft-simple"):
        parse("--spec-type", text)


@pytest.mark.parametrize("flag", ["--spec-draft-n-max", "--draft-max", "--draft", "--draft-n"])
def test_the_names_of_2024_mean_the_same(parse, flag):
    assert drafts(parse, flag, "5").n_max == 5


def test_drafts_by_a_model_need_one(parse):
    with pytest.raises(
        SettingsError, match="--spec-type draft-simple needs the file of a small model: --model-draft"
    ):
        parse("--spec-type", "draft-simple")


@pytest.mark.parametrize("kinds", ["none", "ngram-simple"])
def test_a_model_that_is_not_asked_is_remarked_on(parse, kinds):
    assert parse("--spec-type", kinds, "-md", "a.gguf").warnings == (
        f"warn: --model-draft has no effect with --spec-type {kinds}",
    )


@pytest.mark.parametrize(
    ("words", "reason"),
    [(("--draft-max", "65"), "not in 0..64"), (("--draft-p-min", "1.5"), "1.5"), (("-ctkd", "q9"), "q9")],
)
def test_what_is_out_of_range_is_refused_by_name(parse, words, reason):
    with pytest.raises(SettingsError, match=reason) as caught:
        parse(*words)

    assert words[0] in caught.value.message
