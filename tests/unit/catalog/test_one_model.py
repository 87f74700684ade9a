"""The model that flags name, and what it is called."""

import pytest

from corral.catalog.one_model import OneModel, is_bundled, name_of
from corral.core.settings import ModelSettings, RemoteSettings, Settings

FAR = RemoteSettings(base_url="http://far.example/v1")


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        (Settings(model=ModelSettings(path="a/b.gguf")), "a/b.gguf"),
        (Settings(model=ModelSettings(path="a/b.gguf", aliases=("z", "c"))), "c"),
        (Settings(model=ModelSettings(url="http://h/x/y.gguf?a=b")), "y.gguf"),
        (Settings(model=ModelSettings(hf_repo="me/it:Q4_K_M")), "me/it:Q4_K_M"),
        (Settings(remote=FAR), "http://far.example/v1"),
        (Settings(remote=RemoteSettings(base_url="http://h", model="theirs")), "theirs"),
        (Settings(model=ModelSettings(aliases=("mine",)), remote=FAR), "mine"),
    ],
)
def test_it_has_its_alias_else_the_name_that_it_was_given(settings, name):
    assert not is_bundled(settings)
    assert name_of(settings) == name
    assert list(OneModel(settings).entries) == [name]


def test_without_any_it_is_the_one_that_comes_with_corral():
    assert is_bundled(Settings())


def test_one_that_another_server_runs_has_no_file():
    entry = OneModel(Settings(model=ModelSettings(aliases=("mine",)), remote=FAR)).find("anything")

    assert (entry.format, entry.path, entry.problem, entry.aliases) == ("remote", None, None, ("mine",))
    assert OneModel(Settings(remote=FAR)).files() == []
