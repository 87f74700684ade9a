"""The command line beats the environment, which beats the file, which beats the default."""

from __future__ import annotations

import pytest

from corral.core.errors import SettingsError
from corral.core.settings import Settings

FILES = {"corral.yaml": "port: 3\nctx-size: 3\nparallel: 3\napi-key: [file]\n"}


def test_each_place_beats_the_weaker_ones(parse):
    settings = parse(
        *("--config", "corral.yaml", "--port", "1"),
        environ={"LLAMA_ARG_PORT": "2", "LLAMA_ARG_CTX_SIZE": "20"},
        files=FILES,
    ).settings

    assert settings.server.port == 1
    assert settings.engine.n_ctx == 20
    assert settings.engine.n_parallel == 3
    assert settings.server.host == Settings().server.host


def test_keys_of_all_places_count(parse):
    parsed = parse(
        "--config", "corral.yaml", "--api-key", "flag", environ={"LLAMA_API_KEY": "variable"}, files=FILES
    )

    assert parsed.settings.server.api_keys == ("file", "variable", "flag")
    assert parsed.warnings == ()


def test_an_overwritten_variable_is_worth_a_warning(parse):
    (warning,) = parse("-c", "10", environ={"LLAMA_ARG_CTX_SIZE": "20"}).warnings

    assert warning == (
        "warn: LLAMA_ARG_CTX_SIZE environment variable is set, but will be overwritten by "
        "command line argument -c"
    )


def test_the_file_can_be_named_by_a_variable(parse):
    assert parse(environ={"CORRAL_CONFIG": "corral.yaml"}, files=FILES).settings.server.port == 3


def test_the_first_of_two_variables_of_one_option_is_stronger(parse):
    environ = {"LLAMA_ARG_LOG_COLORS": "on", "LLAMA_LOG_COLORS": "off"}

    assert parse(environ=environ).settings.log.colors == "on"


@pytest.mark.parametrize("word", ["on", "enabled", "true", "1"])
def test_four_words_switch_on(parse, word):
    assert parse(environ={"LLAMA_ARG_ENDPOINT_METRICS": word}).settings.server.is_metrics


@pytest.mark.parametrize("word", ["off", "disabled", "false", "0"])
def test_four_words_switch_off(parse, word):
    assert not parse(environ={"LLAMA_ARG_MMAP": word}).settings.engine.is_mmap


def test_a_variable_with_no_in_its_name_is_turned_round(parse):
    assert not parse(environ={"LLAMA_ARG_NO_CONTEXT_SHIFT": "1"}).settings.engine.is_context_shift
    assert parse(environ={"LLAMA_ARG_NO_CONTEXT_SHIFT": "0"}).settings.engine.is_context_shift


def test_a_bad_variable_is_named(parse):
    with pytest.raises(SettingsError) as caught:
        parse(environ={"LLAMA_ARG_PORT": "http"})

    assert caught.value.message == (
        "error while handling environment variable \"LLAMA_ARG_PORT\": stoi ('http' is not a whole number)"
    )


def test_of_several_refused_variables_the_first_by_the_alphabet_is_told(parse):
    environ = {"LLAMA_ARG_VIDEO_FPS": "1", "LLAMA_ARG_TOOLS": "all", "LLAMA_ARG_HF_REPO_DRAFT": "a/b"}

    with pytest.raises(SettingsError, match="LLAMA_ARG_HF_REPO_DRAFT"):
        parse(environ=environ)


def test_an_empty_text_variable_is_not_set(parse):
    assert parse(environ={"LLAMA_ARG_MODEL": ""}).settings.model.path is None


def test_a_variable_that_no_option_reads_is_worth_a_warning(parse):
    (warning,) = parse(environ={"LLAMA_ARG_PROT": "80", "OTHER": "1"}).warnings

    assert warning == (
        "warn: LLAMA_ARG_PROT environment variable is set, but no option reads it; "
        "did you mean LLAMA_ARG_PORT?"
    )


def test_nothing_given_is_the_defaults(parse):
    settings = parse().settings

    assert settings.model.cache_dir == "/home/someone/.cache/llama.cpp"
    assert settings == Settings(model=settings.model)
