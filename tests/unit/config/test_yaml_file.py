"""The configuration file: long flags as keys, texts as values."""

from __future__ import annotations

import pytest

from corral.core.errors import SettingsError


def test_options_may_stand_under_their_group(parse):
    settings = _settings(parse, "common:\n  ctx_size: 4096\nsampling: {top-k: 20}\nport: 81\n")

    assert settings.engine.n_ctx == 4096
    assert settings.generation.sampling.top_k == 20
    assert settings.server.port == 81


def test_values_are_read_as_they_are_written(parse):
    settings = _settings(parse, "flash-attn: on\nalias: 010\ntemp: 1e-1\nno-mmap: true\napi-key: 0123\n")

    assert settings.engine.flash_attn == "on"
    assert settings.model.alias == "010"
    assert settings.generation.sampling.temperature == 0.1
    assert not settings.engine.is_mmap
    assert settings.server.api_keys == ("0123",)


def test_a_repeatable_option_may_be_a_list(parse):
    assert _settings(parse, "api-key:\n- one\n- two\n").server.api_keys == ("one", "two")


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n"])
def test_an_empty_file_sets_nothing(parse, text):
    assert _settings(parse, text) == parse().settings


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("porrt: 80", ': unknown key "porrt"; did you mean port?'),
        ("config: b.yaml", ': unknown key "config"'),
        ("port: http", ", \"port\": stoi ('http' is not a whole number)"),
        ("port: [80, 81]", ', "port": one value was expected'),
        ("api-key: [[a]]", ', "api-key": one value was expected'),
        ("- port", ": it must hold `name: value` lines"),
        ("metrics: perhaps", ", \"metrics\": invalid value ('perhaps' is none of "),
        ("slots: &a [*a]", ": found unconstructable recursive node"),
        ("port: [", ": while parsing a flow node"),
        ("[" * 5000, ": "),
    ],
)
def test_a_wrong_file_is_refused_with_its_reason(parse, text, reason):
    with pytest.raises(SettingsError) as caught:
        _settings(parse, text)

    assert caught.value.message.startswith(f"error in the configuration file{reason}")


def test_a_key_not_honoured_yet_is_refused_by_name(parse):
    with pytest.raises(SettingsError, match="--spec-ngram-any"):
        _settings(parse, "spec-ngram-any: 1")


@pytest.mark.parametrize("text", ["port: 1\nport: 2\n", "sampling:\n  temp: 0\n  temp: 1\n"])
def test_a_key_that_stands_twice_is_refused(parse, text):
    with pytest.raises(SettingsError, match="stands twice"):
        _settings(parse, text)


def _settings(parse, text):
    return parse("--config", "corral.yaml", files={"corral.yaml": text}).settings
