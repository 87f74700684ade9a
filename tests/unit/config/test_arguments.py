"""The command line obeys llama-server's rules and speaks its words."""

from __future__ import annotations

import pytest

from corral.config.load import load
from corral.config.parse import Wish
from corral.core.errors import SettingsError


def test_the_value_is_the_next_word_even_with_a_dash(parse):
    settings = parse("-n", "-1", "--seed", "-1", "-lv", "-1", "-a", "--port").settings

    assert settings.generation.n_predict == -1
    assert settings.generation.sampling.seed is None
    assert settings.log.verbosity == -1
    assert settings.model.alias == "--port"


def test_underscores_in_long_flags_are_dashes(parse):
    assert parse("--ctx_size", "4096").settings.engine.n_ctx == 4096


def test_the_last_one_wins(parse):
    settings = parse("--port", "1", "--port", "2", "--slots", "--no-slots").settings

    assert settings.server.port == 2
    assert not settings.server.is_slots


def test_two_flags_of_one_field_are_ordered_too(parse):
    assert parse("-v", "-lv", "0").settings.log.verbosity == 0


def test_repeatable_flags_accumulate(parse):
    settings = parse(
        *("--api-key", "a", "--api-key-file", "keys", "--api-key", "d"),
        *("-l", "15043+1", "-l", "15043-1"),
        files={"keys": "b\nc\n"},
    ).settings

    assert settings.server.api_keys == ("a", "b", "c", "d")
    assert settings.generation.sampling.logit_bias == ((15043, 1.0), (15043, -1.0))


def test_breakers_replace_the_default_ones(parse):
    settings = parse("--dry-sequence-breaker", "none", "--dry-sequence-breaker", "!").settings

    assert settings.generation.sampling.dry_sequence_breakers == ("!",)


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["-fa"], "on"),
        (["-fa", "off"], "off"),
        (["-fa", "-1"], "auto"),
        (["--flash-attn", "0"], "off"),
        (["-fa", "--metrics"], "on"),
        (["-fa", "-m", "a.gguf"], "on"),
    ],
)
def test_flash_attention_is_a_switch_or_takes_a_value(parse, words, meant):
    assert parse(*words).settings.engine.flash_attn == meant


def test_the_numbers_that_mean_nothing_are_none(parse):
    settings = parse("-c", "0", "-np", "-1", "--seed", "4294967295").settings

    assert settings.engine.n_ctx is None
    assert settings.engine.n_parallel is None
    assert settings.generation.sampling.seed is None


def test_a_negative_temperature_is_zero(parse):
    assert parse("--temp", "-1").settings.generation.sampling.temperature == 0


def test_all_layers_fit_into_an_int_of_c(parse):
    assert parse("-ngl", "all").settings.engine.device.n_gpu_layers == 2**31 - 1


def test_an_unknown_flag_is_named_with_its_nearest_match(parse):
    assert _complaint(parse, "--porrt", "80") == "error: invalid argument: --porrt\ndid you mean --port?"


def test_an_unknown_flag_without_a_match_stands_alone(parse):
    assert _complaint(parse, "--zzz_qqq") == "error: invalid argument: --zzz-qqq"


def test_an_equals_sign_is_explained(parse):
    assert _complaint(parse, "--port=80") == (
        "error: invalid argument: --port=80\nwrite it as two words: --port 80"
    )


@pytest.mark.parametrize("word", ["model.gguf", "", "-", "--", "-ngl99", "--por"])
def test_nothing_is_positional_bundled_or_abbreviated(parse, word):
    assert _complaint(parse, word).splitlines()[0] == f"error: invalid argument: {word}"


def test_a_failure_shows_the_flag_as_written_and_its_usage(parse):
    message = _complaint(parse, "-c", "abc")

    first, _, rest = message.partition("\n\nusage:\n")
    assert first == "error while handling argument \"-c\": stoi ('abc' is not a whole number)"
    assert rest.startswith("-c, --ctx-size N")
    assert message.endswith("\n\nto show complete usage, run with -h")


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["-c"], "expected value for argument"),
        (["-c", "12abc"], "stoi ('12abc' is not a whole number)"),
        (["-c", ""], "stoi ('' is not a whole number)"),
        (["-c", "1_000"], "stoi ('1_000' is not a whole number)"),
        (["-c", "٣"], "stoi ('٣' is not a whole number)"),
        (["-c", "9" * 5000], f"stoi ('{'9' * 5000}' is not a whole number)"),
        (["-c", "-1"], "invalid value (-1 is not in 0..2147483647)"),
        (["-c", "2147483648"], "invalid value (2147483648 is not in 0..2147483647)"),
        (["--seed", "x"], "stoul ('x' is not a whole number)"),
        (["--port", "65536"], "invalid value (65536 is not in 0..65535)"),
        (["--temp", "hot"], "stof ('hot' is not a finite number)"),
        (["--temp", "nan"], "stof ('nan' is not a finite number)"),
        (["--temp", "1e999"], "stof ('1e999' is not a finite number)"),
        (["-sps", "1.5"], "invalid value (1.5 is not in 0..1)"),
        (["--repeat-penalty", "0"], "invalid value (0 makes no sense here)"),
        (["-np", "0"], "error: invalid value for n_parallel"),
        (["-l", "15043"], "invalid input format"),
        (["-l", "9999999999+1"], "invalid input format (9999999999 is no token)"),
        (["--temp", "1e39"], "stof ('1e39' is not a finite number)"),
        (["--timeout", "1e9"], "invalid value (1e+09 is not in 0..3.1536e+07)"),
        (["-l", "2-nan"], "stof ('nan' is not a finite number)"),
        (["--api-key", ""], "invalid value (a key is empty)"),
        (["--api-key-file", "none"], "error: failed to open file 'none'"),
        (["--api-key-file", "empty"], "invalid value (the file holds no key)"),
        (["--chat-template-file", "none"], "error: failed to open file 'none'"),
        (["--config", "none"], "error: failed to open file 'none'"),
        (["--host", "a,,b"], "invalid value (an address is empty)"),
        (["--host", ""], "invalid value (an address is empty)"),
        (["--api-prefix", "llm"], "invalid value (a path like /llm is needed: letters, digits and -._~)"),
        (["--api-prefix", "/a/../b"], "invalid value (a path like /llm is needed: letters, digits and -._~)"),
        (["--cors-headers", "a\nb"], "invalid value (one line of ASCII is needed)"),
        (["--sse-ping-interval", "0"], "invalid value (0 is neither -1 nor above 0 and up to 31536000)"),
        (["--threads-http", "2000"], "invalid value (2000 is not in -2147483648..1024)"),
        (["-cram", "-2"], "invalid value (-2 is not in -1..1099511627776)"),
    ],
)
def test_a_bad_value_is_refused_with_its_reason(parse, words, reason):
    complaint = _complaint(parse, *words, files={"empty": "# no key\n"})

    assert complaint.partition("\n\n")[0] == f'error while handling argument "{words[0]}": {reason}'


def test_a_file_that_is_no_text_is_told_from_one_that_is_not_there(tmp_path):
    file = tmp_path / "weights.yaml"
    file.write_bytes(b"\xff\xfe")

    with pytest.raises(SettingsError, match=f"error: file '{file}' is not UTF-8 text"):
        load(["--config", str(file)])


def test_a_word_without_a_flag_is_told_how_a_model_is_named(parse):
    assert _complaint(parse, "model.gguf").splitlines() == [
        "error: invalid argument: model.gguf",
        "every value follows its flag; a model file is named with: -m FNAME",
    ]


def test_what_corral_does_anyway_is_accepted(parse):
    assert parse("-cram", "0", "-cb", "--cont-batching", "--jinja").wish is Wish.RUN


def test_help_comes_after_the_whole_line_was_read(parse):
    assert parse("-h", "--port", "80").wish is Wish.HELP
    with pytest.raises(SettingsError):
        parse("-h", "--port", "x")


def test_version_acts_at_once(parse):
    assert parse("--version", "--port", "x").wish is Wish.VERSION
    with pytest.raises(SettingsError):
        parse("--port", "x", "--version")


def test_samplers_that_do_not_exist_are_left_out_with_a_warning(parse):
    parsed = parse("--samplers", "penalties;top_k;luck;temp")

    assert parsed.settings.generation.sampling.samplers == ("penalties", "top_k", "temperature")
    assert parsed.warnings == ("warn: --samplers: Corral has no sampler 'luck'; left out",)


def _complaint(parse, *argv, files=None):
    with pytest.raises(SettingsError) as caught:
        parse(*argv, files=files)
    return caught.value.message
