"""Options about many models: sizes, times, keys, what excludes each other."""

from __future__ import annotations

import pytest

from corral.config.load import load
from corral.config.model_kinds import ByteSize
from corral.config.parse import InstallWish
from corral.core.errors import SettingsError
from corral.core.main_memory import main_memory_bytes


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("1", 1),
        ("500M", 500 * 2**20),
        ("8G", 2**33),
        ("8gb", 2**33),
        ("8 GiB", 2**33),
        ("0.5T", 2**39),
        ("80%", 800),
        ("0.1 %", 1),
    ],
)
def test_a_size_is_bytes_a_unit_or_a_share_of_the_whole(text, size):
    assert ByteSize(lambda: 1000).read(text) == size


@pytest.mark.parametrize("text", ["", "0", "-1", "8X", "G", "1e3", "101%", "0%", "9999999T", "1..5G", "nan"])
def test_what_is_no_size_is_refused(text):
    with pytest.raises(ValueError, match=r"invalid value|stof"):
        ByteSize(lambda: 1000).read(text)


def test_a_share_of_what_is_not_known_is_refused_with_the_reason():
    with pytest.raises(ValueError, match="does not tell its memory"):
        ByteSize(lambda: None).read("50%")
    with pytest.raises(ValueError, match="only bytes are taken here"):
        ByteSize().read("50%")


def test_a_container_s_memory_is_what_counts_where_it_is_less(tmp_path):
    limit = tmp_path / "memory.max"
    limit.write_text("1048576\n")

    assert main_memory_bytes((limit,)) == 1048576


@pytest.mark.parametrize("text", ["max\n", "", "²"])
def test_without_a_limit_the_machine_s_memory_counts(tmp_path, text):
    limit = tmp_path / "memory.max"
    limit.write_text(text)

    assert main_memory_bytes((limit,)) == main_memory_bytes((tmp_path / "none",))


def test_half_of_the_machine_is_half_of_the_machine(parse):
    whole = main_memory_bytes()

    if whole is None:
        pytest.skip("needs a machine that tells its memory")
    assert parse("--memory-budget", "50%").settings.placement.memory_budget_bytes == whole // 2


@pytest.mark.parametrize("text", ["0", "-2", "-100"])
def test_no_idle_time_is_refused_in_llama_server_s_words(parse, text):
    with pytest.raises(SettingsError, match="invalid value: cannot be 0 or less than -1"):
        parse("--sleep-idle-seconds", text)


def test_the_last_word_on_idle_time_counts(parse):
    assert parse("--ttl", "5", "--sleep-idle-seconds", "-1").settings.stay.ttl_s is None
    assert parse("--sleep-idle-seconds", "60", "--ttl", "2.5").settings.stay.ttl_s == 2.5


def test_no_bound_on_workers_is_0(parse):
    assert parse("-w", "0").settings.placement.max_workers is None
    assert parse("--models-max", "0", "-w", "3").settings.placement.max_workers == 3
    assert parse().settings.placement.max_workers == 4


def test_names_to_preload_add_up(parse):
    assert parse("--preload", "a,b", "--preload", "c").settings.catalog.preloaded == ("a", "b", "c")


def test_k_is_a_key_and_p_stays_the_prompt(parse):
    parsed = parse("-k", "secret", "-p", "8000")

    assert parsed.settings.server.api_keys == ("secret",)
    assert parsed.settings.generation.prompt == "8000"
    assert parsed.warnings == ("warn: -p: 8000 is taken as the prompt; a port is set with --port",)


@pytest.mark.parametrize(
    "url",
    [
        "localhost:8080",
        "ftp://host",
        "http://",
        "http://host:x",
        "http://host:99999",
        "http://user:key@host",
        "http://host?key=1",
        "http://host/a b",
        "http://[",
    ],
)
def test_what_is_no_base_url_is_refused(parse, url):
    with pytest.raises(SettingsError, match="invalid value"):
        parse("--proxy-url", url)


@pytest.mark.parametrize("other", [["-m", "a.gguf"], ["-hf", "owner/name"], ["-mu", "http://host/a.gguf"]])
def test_a_model_is_here_or_elsewhere(parse, other):
    with pytest.raises(SettingsError, match=r"--proxy-url name two models"):
        parse("--proxy-url", "http://host/v1", *other)


@pytest.mark.parametrize("words", [["--proxy-key", "secret"], ["--proxy-model", "a"]])
def test_what_is_for_another_server_needs_its_address(parse, words):
    assert parse(*words).warnings == (f"warn: {words[0]} has no effect without --proxy-url",)


@pytest.mark.parametrize("flag", ["--models-dir", "--models-preset", "--definitions"])
def test_what_is_not_there_is_refused_at_once(parse, flag):
    with pytest.raises(SettingsError, match=r"not a directory: none|there is no file none"):
        parse(flag, "none")


def test_the_wish_to_install_stands_on_the_command_line_only(parse):
    words = ["--install-pkgs", "--force-cuda", "--skip-torch-install", "--skip-tf-install"]

    wish = parse(*words).install

    assert wish == InstallWish(
        is_wanted=True, is_cuda_forced=True, is_torch_skipped=True, is_tensorflow_skipped=True
    )
    assert parse().install == InstallWish()
    with pytest.raises(SettingsError, match='unknown key "install-pkgs"'):
        parse("--config", "corral.yaml", files={"corral.yaml": "install-pkgs: true"})


@pytest.mark.parametrize("flag", ["--force-cuda", "--skip-torch-install", "--skip-tf-install"])
def test_how_to_install_has_no_effect_without_the_wish(parse, flag):
    assert parse(flag).warnings == (f"warn: {flag} has no effect without --install-pkgs",)
    assert parse(flag, "--install-pkgs").warnings == ()


@pytest.mark.parametrize("is_named", [True, False])
def test_definitions_of_the_working_directory_are_not_run_unless_named(tmp_path, monkeypatch, is_named):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model_definitions.py").write_text("raise SystemExit\n")

    parsed = load(["--definitions", "model_definitions.py"] if is_named else [])

    assert any("which is not run unless it is named" in warning for warning in parsed.warnings) != is_named


@pytest.mark.parametrize("key", ["sk-one\n", "sk one", "sk-\u00e9", "\u201csk\u201d"])
def test_a_key_that_no_header_can_carry_is_refused_and_not_repeated(key):
    with pytest.raises(SettingsError, match="a key has no spaces") as caught:
        load(["--proxy-url", "http://far.example", "--proxy-key", key])

    assert key.strip() not in caught.value.message
