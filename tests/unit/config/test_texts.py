"""Prompts, stop strings, template variables, names on the command line; what is done instead of serving."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from corral.config.completion import script
from corral.config.escapes import unescaped
from corral.config.options import FLAGS
from corral.config.parse import Wish
from corral.core.errors import SettingsError

FILES = {"a.txt": "one\\n\n", "b.txt": "two\n\n"}


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        (r"a\nb\tc\rd", "a\nb\tc\rd"),
        (r"\"\'\\n", "\"'\\n"),
        (r"\x41\xe9\xZ", "Aé\\xZ"),
        (r"\q \ ", "\\q \\ "),
        ("plain", "plain"),
    ],
)
def test_escapes_mean_what_they_mean_in_c(text, meaning):
    assert unescaped(text) == meaning


@pytest.mark.parametrize(
    ("words", "prompt"),
    [
        (["-p", r"x\n"], "x\n"),
        (["-p", r"x\n", "--no-escape"], r"x\n"),
        (["--no-escape", "-p", r"x\n", "-e"], "x\n"),
        (["-f", "a.txt"], "one\n"),
        (["-p", "x ", "-f", "b.txt"], "x two\n"),
        (["-f", "a.txt", "-f", "b.txt"], "one\ntwo\n"),
        (["-f", "a.txt", "-p", "x"], "x"),
        (["-p", "x", "-bf", "b.txt"], "two\n\n"),
        ([], None),
    ],
)
def test_the_default_prompt(parse, words, prompt):
    assert parse(*words, files=FILES).settings.generation.prompt == prompt


def test_an_unreadable_prompt_file_is_named(parse):
    with pytest.raises(SettingsError, match=r"error: failed to open file 'none\.txt'"):
        parse("-f", "none.txt")


def test_the_size_of_a_binary_file_is_told(parse, tmp_path):
    path = tmp_path / "prompt.bin"
    path.write_text("hello")

    warnings = parse("-bf", str(path), files={str(path): "hello"}).warnings

    assert any(f"Read 5 bytes from binary file {path}" in warning for warning in warnings)


def test_stop_strings_add_up_and_have_escapes(parse):
    generation = parse("-r", r"\nUser:", "--reverse-prompt", "END").settings.generation

    assert generation.stop == ("\nUser:", "END")


def test_breakers_have_escapes_too(parse):
    chain = parse("--dry-sequence-breaker", r"\n").settings.generation.sampling

    assert chain.dry_sequence_breakers == ("\n",)


def test_template_variables_add_up_and_the_last_one_wins(parse):
    words = ["--chat-template-kwargs", '{"a": 1, "b": 2}', "--chat-template-kwargs", '{"b": 3}']

    assert parse(*words).settings.chat.variables == {"a": 1, "b": 3}


@pytest.mark.parametrize("text", ["[1]", "{", "", '"x"'])
def test_template_variables_must_be_an_object(parse, text):
    with pytest.raises(SettingsError, match="not a JSON object"):
        parse("--chat-template-kwargs", text)


@pytest.mark.parametrize(
    ("words", "field", "value"),
    [
        (["--reasoning-budget", "-1"], "reasoning_budget", None),
        (["--reasoning-budget", "0"], "reasoning_budget", 0),
        (["-rea", "on"], "reasoning", "on"),
        (["--reasoning-effort", "default"], "reasoning_effort", None),
        (["--no-skip-chat-parsing"], "is_parsing_skipped", False),
    ],
)
def test_thinking(parse, words, field, value):
    assert getattr(parse(*words).settings.chat, field) == value


@pytest.mark.parametrize(
    "words", [["--reasoning-budget", "-2"], ["--reasoning-format", "loud"], ["-rea", "maybe"]]
)
def test_thinking_has_no_other_values(parse, words):
    with pytest.raises(SettingsError, match="invalid value"):
        parse(*words)


def test_the_first_of_several_names_by_the_alphabet_is_the_name(parse):
    model = parse("--alias", "tiny, small").settings.model

    assert (model.alias, model.aliases) == ("small", ("tiny", "small"))
    assert parse().settings.model.alias is None


@pytest.mark.parametrize(
    "words",
    [["-dr", "x", "-hf", "a/b"], ["-mu", "http://x/y", "-dr", "x"], ["-mu", "http://x/y", "-hf", "a/b"]],
)
def test_two_sources_of_a_model_contradict_each_other(parse, words):
    with pytest.raises(SettingsError, match="name two models"):
        parse(*words)


def test_wishes_are_read_with_all_their_settings(parse):
    listed = parse("-cl", "--model-cache", "folder")

    assert (listed.wish, listed.settings.model.cache_dir) == (Wish.CACHE_LIST, "folder")
    assert parse("--completion-bash").wish is Wish.COMPLETION
    assert parse().wish is Wish.RUN


@pytest.mark.parametrize(
    ("line", "word", "offered"),
    [
        ("corral serve --reasoning-", 2, {"--reasoning-format", "--reasoning-budget"}),
        ("corral serve --reasoning-format deep", 3, {"deepseek", "deepseek-legacy"}),
        ("corral se", 1, {"serve"}),
        ("corral serve --port 80", 3, set()),
    ],
)
def test_bash_completes_the_options(line, word, offered):
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("needs bash")
    words = " ".join(line.split())
    asked = f'COMP_WORDS=({words}); COMP_CWORD={word}; _corral_serve; printf "%s\\n" "${{COMPREPLY[@]}}"'

    result = subprocess.run([bash, "-c", f"{script()}\n{asked}"], capture_output=True, text=True, check=True)

    assert offered <= set(result.stdout.split())
    assert offered or not result.stdout.split()
    assert not result.stderr


def test_every_flag_is_completed():
    assert all(f" {flag} " in f" {script()} ".replace('"', " ") for flag in FLAGS)
