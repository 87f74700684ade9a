"""Every setting of a load arrives in `llama_model_params`, and what C would trip over is refused before."""

from __future__ import annotations

import ctypes
import subprocess
import sys

import llama_cpp
import pytest

from corral.core.engine_settings import DeviceSettings, EngineSettings
from corral.core.errors import ModelLoadError
from corral.engine.llama import devices
from corral.engine.llama.model_params import _Override, model_params, tensor_places


def _struct(**settings):
    return model_params(EngineSettings(**settings)).struct


def _on(**device):
    return model_params(EngineSettings(device=DeviceSettings(**device)))


@pytest.mark.parametrize(
    ("settings", "mode"),
    [
        ({}, 1),
        ({"is_mmap": False}, 0),
        ({"is_mlock": True}, 3),
        ({"is_mmap": False, "is_mlock": True}, 2),
        ({"load_mode": "auto"}, -1),
        ({"load_mode": "none"}, 0),
        ({"load_mode": "mmap", "is_mmap": False}, 1),
        ({"load_mode": "mlock"}, 2),
        ({"load_mode": "mmap+mlock"}, 3),
        ({"load_mode": "dio"}, 4),
    ],
)
def test_the_way_of_loading(settings, mode):
    assert _struct(**settings).load_mode == mode


@pytest.mark.parametrize(("name", "mode"), [("off", 0), ("auto", 1), ("on", 2)])
def test_the_lazy_mode(name, mode):
    assert _struct(lazy_mode=name).lazy_mode == mode


def test_checked_tensors():
    assert not _struct().check_tensors
    assert _struct(are_tensors_checked=True).check_tensors


def test_layers_on_the_gpu_are_none_unless_asked_for():
    assert _on().struct.n_gpu_layers == 0
    assert _on(n_gpu_layers=7).struct.n_gpu_layers == 7


@pytest.mark.parametrize(("name", "mode"), [("none", 0), ("layer", 1), ("row", 2), ("tensor", 3)])
def test_the_split_mode(name, mode):
    assert _on(split_mode=name).struct.split_mode == mode


def test_the_main_gpu():
    assert _on(main_gpu=3).struct.main_gpu == 3


def test_repacking_and_host_buffers():
    assert (_on().struct.use_extra_bufts, _on().struct.no_host) == (True, False)
    assert not _on(is_repacked=False).struct.use_extra_bufts
    assert _on(has_host_buffers=False).struct.no_host


def test_the_tensor_split_is_filled_up_with_zeros():
    split = _on(tensor_split=(3.0, 1.0)).struct.tensor_split

    assert split[: llama_cpp.llama_max_devices()] == [3.0, 1.0] + [0.0] * (llama_cpp.llama_max_devices() - 2)


def test_a_tensor_split_for_more_devices_than_there_can_be_is_refused():
    n_max = llama_cpp.llama_max_devices()

    with pytest.raises(
        ModelLoadError, match=f"got {n_max} input configs, but system only has {n_max} devices"
    ):
        _on(tensor_split=(1.0,) * n_max)


def test_header_values_end_with_an_empty_key():
    overrides = (("a", 5), ("b", 0.5), ("c", True), ("d", "x" * 127))

    array = _struct(kv_overrides=overrides).kv_overrides

    assert [(array[i].tag, array[i].key) for i in range(5)] == [
        (0, b"a"),
        (1, b"b"),
        (2, b"c"),
        (3, b"d"),
        (0, b""),
    ]
    assert array[0].value.val_i64 == 5
    assert array[1].value.val_f64 == 0.5
    assert array[2].value.val_bool is True
    assert array[3].value.val_str == b"x" * 127


@pytest.mark.parametrize("override", [("", 1), ("k" * 128, 1), ("k", "x" * 128)])
def test_a_header_value_that_c_cannot_hold_is_refused(override):
    with pytest.raises(ModelLoadError, match="--override-kv"):
        _struct(kv_overrides=(override,))


def test_no_device_is_an_empty_list():
    array = ctypes.cast(_on(devices=()).struct.devices, ctypes.POINTER(ctypes.c_void_p))

    assert array[0] is None
    assert _on().struct.devices is None


@pytest.mark.parametrize("name", ["CUDA9", "CPU", ""])
def test_an_unknown_device_is_refused(name):
    with pytest.raises(ModelLoadError, match=f"invalid device: {name}"):
        _on(devices=(name,))


def test_places_of_tensors_point_to_buffer_types():
    params = _on(tensor_overrides=(("blk.0.*", "CPU"),), is_cpu_moe=True)

    array = ctypes.cast(params.struct.tensor_buft_overrides, ctypes.POINTER(_Override))

    assert array[0].pattern == b"blk.0.*"
    assert array[0].buffer == devices.buffer_types()["CPU"]
    assert b"exps" in array[1].pattern
    assert (array[2].pattern, array[2].buffer) == (None, None)


def test_the_first_layers_may_stay_with_the_cpu():
    places = [pattern for pattern, _ in tensor_places(DeviceSettings(n_cpu_moe=2, n_cpu_ffn=1))]

    assert places == [
        r"blk\.0\.ffn_(up|down|gate|gate_up)_(ch|)exps",
        r"blk\.1\.ffn_(up|down|gate|gate_up)_(ch|)exps",
        r"blk\.0\.ffn_(up|down|gate)\.",
    ]


def test_an_unknown_buffer_type_is_refused():
    with pytest.raises(ModelLoadError, match=r"unknown buffer type: GPU; there is: .*CPU"):
        _on(tensor_overrides=(("a", "GPU"),))


def test_too_many_places_are_refused():
    with pytest.raises(ModelLoadError, match="tensor overrides"):
        _on(n_cpu_moe=llama_cpp.llama_max_tensor_buft_overrides())


@pytest.mark.skipif(llama_cpp.llama_supports_rpc(), reason="this llama.cpp was built with GGML_RPC")
def test_remote_devices_are_refused_with_the_reason():
    with pytest.raises(ModelLoadError, match=r"RPC not supported in this build of llama\.cpp"):
        _on(rpc_servers=("127.0.0.1:50052",))


@pytest.mark.skipif(llama_cpp.llama_supports_gpu_offload(), reason="this llama.cpp can use a GPU")
def test_gpu_settings_without_a_gpu_are_warned_of(events):
    _on(n_gpu_layers=99, main_gpu=1)

    text = "no usable GPU found, --gpu-layers, --main-gpu will be ignored"
    assert events == [("llama.no_gpu", {"text": text})]


def test_nothing_is_said_of_a_gpu_that_nobody_asked_for(events):
    _on()

    assert not events


@pytest.mark.skipif(bool(devices.offload_devices()), reason="this machine has devices")
def test_the_list_of_devices_is_printed():
    done = subprocess.run(
        [sys.executable, "-m", "corral", "serve", "--list-devices"],
        check=True,
        capture_output=True,
        timeout=60,
        text=True,
    )

    assert done.stdout == "Available devices:\n  (none)\n"
