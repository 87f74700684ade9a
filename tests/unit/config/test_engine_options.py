"""Options about CPUs, devices, memory, positions and control vectors, in old and new spellings."""

from __future__ import annotations

import pytest

from corral.config.parse import Wish
from corral.core.engine_settings import ControlVectorSettings
from corral.core.errors import SettingsError

NOT_FITTED = "has no effect: Corral fits nothing to a device's memory; set --gpu-layers and --ctx-size"

NO_DEFRAG = "has no effect: llama.cpp finds free cells wherever they lie, so there is nothing to defragment"


@pytest.mark.parametrize("text", ["0", "-1", "-7"])
def test_no_number_of_threads_means_all_of_them(parse, text):
    engine = parse("-t", text, "-tb", text).settings.engine

    assert (engine.cpu.n_threads, engine.cpu_batch.n_threads) == (0, 0)


def test_masks_and_ranges_add_up(parse):
    engine = parse("-C", "0x1", "-Cr", "4-5", "--cpu-mask", "8", "-Cb", "F", "-Crb", "7-7").settings.engine

    assert sorted(engine.cpu.cpus) == [0, 3, 4, 5]
    assert sorted(engine.cpu_batch.cpus) == [0, 1, 2, 3, 7]


@pytest.mark.parametrize(
    ("text", "first", "last"), [("2-4", 2, 4), ("-3", 0, 3), ("509-", 509, 511), ("0-511", 0, 511)]
)
def test_a_range_may_be_open(parse, text, first, last):
    assert parse("-Cr", text).settings.engine.cpu.cpus == tuple(range(first, last + 1))


def test_a_mask_has_a_bit_for_each_of_512_cpus(parse):
    assert parse("-C", "8" + "0" * 127).settings.engine.cpu.cpus == (511,)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["-C", "0xg"], "invalid cpumask"),
        (["-C", "f" * 129], "invalid cpumask"),
        (["-Cr", "3"], "invalid range"),
        (["-Cr", "-"], "invalid range"),
        (["-Cr", "4-2"], "invalid range"),
        (["-Crb", "0-512"], "invalid range"),
        (["--prio", "4"], "invalid value"),
        (["--prio-batch", "-1"], "invalid value"),
        (["--poll", "101"], "invalid value"),
        (["--cpu-strict", "2"], "invalid value"),
        (["--numa", "mirror"], "invalid value"),
        (["-ctk", "q3_k"], "invalid value"),
        (["-ctv", "F16"], "invalid value"),
        (["-sm", "columns"], "invalid value"),
        (["-ts", "1,-2"], "invalid value"),
        (["-ts", "1,a"], "stof"),
        (["-mg", "-1"], "invalid value"),
        (["-ot", "exps"], "invalid value"),
        (["-ncmoe", "-1"], "invalid value"),
        (["-dev", ""], "invalid value"),
        (["-lm", "fast"], "invalid value"),
        (["-lzm", "yes"], "invalid value"),
        (["--rope-scaling", "cubic"], "invalid value"),
        (["--rope-scale", "0"], "invalid value"),
        (["--rope-freq-base", "-1"], "invalid value"),
        (["--yarn-ext-factor", "nan"], "stof"),
        (["--yarn-orig-ctx", "-1"], "invalid value"),
        (["--override-kv", "a"], "error: Invalid type for KV override: a"),
        (["--override-kv", "a=double:1"], "error: Invalid type for KV override: a=double:1"),
        (["--override-kv", "a=bool:yes"], "error: Invalid type for KV override: a=bool:yes"),
        (["--override-kv", "=int:1"], "error: Invalid type for KV override: =int:1"),
        (["--override-kv", "k" * 128 + "=int:1"], "error: Invalid type for KV override: kkk"),
        (["--override-kv", "a=str:" + "é" * 64], "error: Invalid type for KV override: a=str"),
        (["--override-kv", "a=int:1.5"], "stoi"),
        (["--override-kv", f"a=int:{2**63}"], "invalid value"),
        (["--control-vector", ""], "invalid value"),
        (["--control-vector", "a,"], "invalid value"),
        (["--control-vector", "a,,b"], "invalid value"),
        (["--control-vector", '"a'], "invalid value"),
        (["--control-vector-scaled", "a.gguf"], "expected value for argument"),
        (["--control-vector-scaled", "a.gguf", "much"], "invalid value"),
        (["--control-vector-scaled"], "expected value for argument"),
        (["--control-vector-layer-range", "1"], "expected value for argument"),
        (["--control-vector-layer-range", "1", "two"], "stoi ('two' is not a whole number)"),
        (["--control-vector-layer-range", "5", "2"], "invalid value (layer 2 comes before layer 5)"),
    ],
)
def test_a_bad_value_is_refused(parse, words, reason):
    with pytest.raises(SettingsError) as caught:
        parse(*words)

    assert caught.value.message.startswith(f'error while handling argument "{words[0]}": {reason}')


@pytest.mark.parametrize(
    "words",
    [
        ["--control-vector-scaled", "a:b,c.gguf", "-0.5", "--metrics"],
        ["--control-vector-scaled", "a:b,c.gguf:-0.5", "--metrics"],
        ["--control-vector-scaled", "a:b,c.gguf:-0.5"],
    ],
    ids=["two words", "one word", "one word at the end"],
)
def test_a_scale_is_a_word_of_its_own_or_follows_a_colon(parse, words):
    settings = parse(*words).settings

    assert settings.engine.adapters.control_vectors == (ControlVectorSettings("a:b,c.gguf", -0.5),)
    assert settings.server.is_metrics == ("--metrics" in words)


def test_control_vectors_accumulate_in_their_order(parse):
    words = [
        "--control-vector",
        "a",
        "--control-vector-scaled",
        "b",
        "2",
        "--control-vector-scaled",
        "c:3,d:4e-1",
    ]

    vectors = parse(*words).settings.engine.adapters.control_vectors

    assert [(vector.path, vector.strength) for vector in vectors] == [
        ("a", 1),
        ("b", 2),
        ("c", 3),
        ("d", 0.4),
    ]


def test_a_name_with_a_comma_stands_in_quotation_marks(parse):
    vectors = parse("--control-vector", '"a,b",c').settings.engine.adapters.control_vectors

    assert [vector.path for vector in vectors] == ["a,b", "c"]


def test_a_layer_range_is_two_words(parse):
    settings = parse("--control-vector-layer-range", "2", "-1", "--slots").settings

    assert settings.engine.adapters.layer_range == (2, -1)
    assert settings.server.is_slots


def test_header_values_accumulate(parse):
    engine = parse("--override-kv", "a=int:1", "--override-kv", "b=str:,c=float:0.5").settings.engine

    assert engine.kv_overrides == (("a", 1), ("b", ""), ("c", 0.5))


def test_tensor_places_accumulate(parse):
    device = parse("-ot", "a=CPU", "--override-tensor", "b=CUDA0").settings.engine.device

    assert device.tensor_overrides == (("a", "CPU"), ("b", "CUDA0"))


def test_no_device_is_another_thing_than_any(parse):
    assert parse("-dev", "none").settings.engine.device.devices == ()
    assert parse().settings.engine.device.devices is None


def test_the_last_of_the_two_scales_wins(parse):
    assert parse("--rope-scale", "4", "--rope-freq-scale", "0.5").settings.engine.rope.freq_scale == 0.5
    assert parse("--rope-freq-scale", "0.5", "--rope-scale", "4").settings.engine.rope.freq_scale == 0.25


def test_numa_may_be_empty_as_llama_server_has_it(parse):
    assert parse(environ={"LLAMA_ARG_NUMA": ""}).settings.engine.numa == "distribute"


@pytest.mark.parametrize(
    ("variable", "field"),
    [
        ("LLAMA_ARG_NO_KV_OFFLOAD", "is_kv_offloaded"),
        ("LLAMA_ARG_NO_REPACK", "is_repacked"),
        ("LLAMA_ARG_NO_HOST", "has_host_buffers"),
    ],
)
def test_the_old_variables_switch_off(parse, variable, field):
    device = parse(environ={variable: "1"}).settings.engine.device

    assert getattr(device, field) is False


def test_the_old_variable_of_timings_switches_them_off(parse):
    assert not parse(environ={"LLAMA_ARG_NO_PERF": "true"}).settings.engine.has_perf


@pytest.mark.parametrize(
    ("words", "remark"),
    [
        (["-fit", "on"], f"warn: -fit: {NOT_FITTED}"),
        (["-fitt", "512,1024"], f"warn: -fitt: {NOT_FITTED}"),
        (["--fit-ctx", "2048"], f"warn: --fit-ctx: {NOT_FITTED}"),
        (
            ["-dt", "0.1"],
            f"warn: -dt: {NO_DEFRAG}",
        ),
    ],
)
def test_what_has_no_effect_is_said_so(parse, words, remark):
    assert parse(*words).warnings == (remark,)


def test_nothing_is_said_to_who_wants_nothing_fitted(parse):
    assert parse("--fit", "off").warnings == ()


def test_devices_are_listed_at_once(parse):
    assert parse("--list-devices", "--port", "x").wish is Wish.DEVICES
    with pytest.raises(SettingsError):
        parse("--port", "x", "--list-devices")


def test_a_file_cannot_ask_for_the_list_of_devices(parse):
    with pytest.raises(SettingsError, match='unknown key "list-devices"'):
        parse("--config", "corral.yaml", files={"corral.yaml": "list-devices: on"})
