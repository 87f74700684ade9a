"""The usage text and the reference page show the whole table."""

from __future__ import annotations

from pathlib import Path

from corral.config.definitions.sources import sources
from corral.config.options import FLAGS, OPTIONS
from corral.config.reference import reference
from corral.config.usage import usage

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "options.md"


def test_usage_has_the_three_blocks_of_llama_server():
    titles = [line for line in usage().splitlines() if line.startswith("-----")]

    assert titles == [
        "----- common params -----",
        "----- sampling params -----",
        "----- example-specific params -----",
    ]


def test_usage_names_every_flag_and_variable():
    words = set(usage().replace(",", " ").replace(";", " ").replace(")", " ").split())

    assert set(FLAGS) <= words
    assert {variable for option in OPTIONS for variable in option.variables} <= words


def test_no_line_of_the_usage_is_longer_than_a_terminal():
    assert max(map(len, usage().splitlines())) <= 110


def test_the_reference_page_is_fresh():
    assert PAGE.read_text(encoding="utf-8") == reference(), (
        "run `corral docs options > docs/reference/options.md`"
    )


def test_the_example_of_the_reference_page_works(parse):
    example = reference().partition("```yaml\n")[2].partition("```")[0]

    settings = parse("--config", "corral.yaml", files={"corral.yaml": example}).settings

    assert settings.server.api_keys == ("first", "second")
    assert settings.generation.sampling.top_k == 20


def test_the_models_of_the_reference_page_work(parse):
    example = reference().split("```yaml\n")[2].partition("```")[0]
    files = {"corral.yaml": example}

    (source,) = sources(parse("--config", "corral.yaml", files=files).settings, lambda path: files[path])
    story, coder, elsewhere = source.read()

    assert (story.settings.engine.n_ctx, story.settings.generation.sampling.temperature) == (4096, 0)
    assert coder.settings.model.hf_repo == "owner/name:Q4_K_M"
    assert elsewhere.settings.remote.model == "large"
