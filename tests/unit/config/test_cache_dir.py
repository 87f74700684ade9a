"""Downloads go where llama.cpp keeps its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from corral.config.cache_dir import default_cache_dir


@pytest.mark.parametrize(
    ("platform", "environ", "expected"),
    [
        ("linux", {"HOME": "/home/a"}, "/home/a/.cache/llama.cpp"),
        ("linux", {"HOME": "/home/a", "XDG_CACHE_HOME": "/cache"}, "/cache/llama.cpp"),
        ("darwin", {"HOME": "/Users/a"}, "/Users/a/Library/Caches/llama.cpp"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local/llama.cpp"),
    ],
)
def test_each_platform_has_its_place(platform, environ, expected):
    assert Path(default_cache_dir(environ, platform)) == Path(expected)


def test_a_variable_names_another_place(parse):
    assert parse(environ={"LLAMA_CACHE": "/models"}).settings.model.cache_dir == "/models"
