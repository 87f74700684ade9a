"""Options about adapters, the system prompt, slots and long contexts."""

from __future__ import annotations

import pytest

from corral.core.engine_settings import LoraSettings
from corral.core.errors import SettingsError


def test_adapters_are_numbered_in_their_order_whatever_flag_names_them(parse):
    words = ("--lora", "a.gguf", "--lora-scaled", "b.gguf", "0.5", "--lora", "c.gguf")

    adapters = parse(*words).settings.engine.adapters

    assert adapters.loras == (LoraSettings("a.gguf"), LoraSettings("b.gguf", 0.5), LoraSettings("c.gguf"))
    assert adapters.is_applied


def test_several_adapters_may_stand_in_one_word(parse):
    words = ("--lora", "a.gguf,b.gguf", "--lora-scaled", "c.gguf:0.5,d.gguf:-2")

    adapters = parse(*words).settings.engine.adapters

    assert [(lora.path, lora.scale) for lora in adapters.loras] == [
        ("a.gguf", 1.0),
        ("b.gguf", 1.0),
        ("c.gguf", 0.5),
        ("d.gguf", -2.0),
    ]


def test_a_scale_of_0_is_loaded(parse):
    adapters = parse("--lora-scaled", "a.gguf", "0").settings.engine.adapters

    assert adapters.loras == (LoraSettings("a.gguf", 0.0),)


@pytest.mark.parametrize("words", [("a.gguf",), ("a.gguf", "much"), ("a.gguf", "nan"), ()])
def test_an_adapter_with_a_scale_needs_one(parse, words):
    with pytest.raises(SettingsError, match="--lora-scaled"):
        parse("--lora-scaled", *words)


def test_adapters_may_be_loaded_and_not_applied(parse):
    assert not parse("--lora-init-without-apply").settings.engine.adapters.is_applied


def test_the_system_prompt_is_the_files_text_to_its_last_blank(parse):
    engine = parse("-spf", "s.txt", files={"s.txt": "Be kind. \n"}).settings.engine

    assert engine.system_prompt == "Be kind. \n"


def test_an_empty_file_is_no_system_prompt(parse):
    engine = parse("--system-prompt-file", "s.txt", files={"s.txt": ""}).settings.engine

    assert engine.system_prompt == ""


def test_a_system_prompt_that_cannot_be_read_is_named(parse):
    with pytest.raises(SettingsError, match=r"error: failed to open file 's.txt'"):
        parse("-spf", "s.txt")


def test_slots_are_saved_in_a_folder_that_there_is(parse, tmp_path):
    assert parse("--slot-save-path", str(tmp_path)).settings.server.slot_save_dir == str(tmp_path)


@pytest.mark.parametrize("name", ["nowhere", "file"])
def test_anything_else_is_no_directory(parse, tmp_path, name):
    tmp_path.joinpath("file").touch()

    with pytest.raises(SettingsError, match=f"not a directory: {tmp_path / name}"):
        parse("--slot-save-path", str(tmp_path / name))


def test_self_extend_is_told_its_group_and_window(parse):
    rope = parse("-gan", "4", "-gaw", "2048").settings.engine.rope

    assert (rope.group_n, rope.group_width) == (4, 2048)
    assert parse("--grp-attn-n", "1", "--grp-attn-w", "7").settings.engine.rope.group_width == 7


@pytest.mark.parametrize("words", [("-gan", "3"), ("-gan", "0"), ("-gaw", "0"), ("-gan", "4", "-gaw", "30")])
def test_a_window_that_is_no_multiple_of_the_group_is_refused(parse, words):
    with pytest.raises(SettingsError, match=r"--grp-attn-w 512 must be a multiple|-gan|-gaw|--grp-attn-w 30"):
        parse(*words)


def test_self_extend_is_for_text(parse):
    with pytest.raises(SettingsError, match="--grp-attn-n groups the positions of text only"):
        parse("-gan", "4", "--mmproj", "a.gguf")


def test_prompts_may_be_kept_out_of_a_batch_that_generates(parse):
    assert parse("-nocb").settings.engine.is_batching_continuous is False
    assert parse("--no-cont-batching", "-cb").settings.engine.is_batching_continuous is True
    environ = {"LLAMA_ARG_NO_CONT_BATCHING": "1"}
    assert parse(environ=environ).settings.engine.is_batching_continuous is False


@pytest.mark.parametrize(
    ("words", "wanted"), [((), None), (("--cache-prompt",), True), (("--no-cache-prompt",), False)]
)
def test_whether_prompts_are_cached_is_the_dialects_own_unless_said(parse, words, wanted):
    assert parse(*words).settings.generation.is_cache_wanted is wanted


def test_chunks_are_not_reused_and_the_reason_is_said(parse):
    parse("--cache-reuse", "0")

    with pytest.raises(SettingsError, match="answers would change"):
        parse("--cache-reuse", "64")


@pytest.mark.parametrize("flag", ["--cache-idle-slots", "--no-cache-idle-slots"])
def test_when_idle_slots_are_parked_is_said(parse, flag):
    (warning,) = parse(flag).warnings

    assert warning.startswith(f"warn: {flag}: has no effect")
    assert "when the space is needed" in warning


@pytest.mark.parametrize("text", ["-0.1", "1.1"])
def test_similarity_is_a_share(parse, text):
    assert parse("-sps", "0.25").settings.engine.slot_prompt_similarity == 0.25
    with pytest.raises(SettingsError, match="-sps"):
        parse("-sps", text)
