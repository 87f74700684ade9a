"""Models in several files are known by their names."""

from __future__ import annotations

import pytest

from corral.catalog.parts import all_parts, first_part, is_later_part, without_part


def test_one_file_is_its_only_part():
    assert all_parts("a.gguf") == ["a.gguf"]


@pytest.mark.parametrize("number", [1, 2])
def test_any_part_tells_all(number):
    name = f"http://localhost/a-0000{number}-of-00002.gguf?x=1"

    assert all_parts(name) == [
        "http://localhost/a-00001-of-00002.gguf?x=1",
        "http://localhost/a-00002-of-00002.gguf?x=1",
    ]


def test_only_the_first_part_is_no_later_part():
    assert not is_later_part("a.gguf")
    assert not is_later_part("a-00001-of-00002.gguf")
    assert is_later_part("a-00002-of-00002.gguf")


def test_a_part_leads_to_the_first_and_to_the_name_of_the_whole():
    assert first_part("x/a-00002-of-00003.gguf") == "x/a-00001-of-00003.gguf"
    assert without_part("x/a-00002-of-00003.gguf") == "x/a.gguf"
    assert first_part("a.gguf") == without_part("a.gguf") == "a.gguf"


def test_of_no_parts_a_file_is_none():
    assert all_parts("a-00001-of-00000.gguf") == ["a-00001-of-00000.gguf"]
    assert not is_later_part("a-00002-of-00000.gguf")
