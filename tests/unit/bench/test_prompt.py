from __future__ import annotations

import pytest

from corral.bench.errors import BenchError
from corral.bench.prompt import PromptSource


def test_prompts_repeat_by_seed_in_another_source_only() -> None:
    source, other = PromptSource(range(1000)), PromptSource(range(1000))

    first = source.draw(16, "a")

    assert other.draw(16, "a") == first
    assert source.draw(16, "a") != first
    assert source.draw(16, "b") != first
    assert len(first) == 16


def test_no_prompt_comes_twice_however_few_there_are() -> None:
    source = PromptSource([1, 2])

    prompts = {tuple(source.draw(4, f"{index}")) for index in range(12)}

    assert len(prompts) == 12


def test_too_few_different_prompts_are_an_error() -> None:
    source = PromptSource([1, 2])
    for index in range(2):
        source.draw(1, f"{index}")

    with pytest.raises(BenchError, match="not enough different prompts of 1 tokens"):
        source.draw(1, "another")


def test_without_a_vocabulary_prompts_are_words() -> None:
    prompt = PromptSource(None).draw(5, "a")

    assert isinstance(prompt, str)
    assert len(prompt.split()) == 5


def test_a_quote_holds_the_text_to_be_repeated() -> None:
    lines = str(PromptSource(range(9)).draw_quote(25, "a")).split("\n")

    assert lines[0] == "Repeat the text between the lines word for word."
    assert (lines[1], lines[3]) == ("---", "---")
    assert len(lines[2].split()) == 25
    assert lines[2].count(".") == 3
