"""Settings as `llama_model_params`. Refuses what C would abort on or ignore."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import Any

import llama_cpp

from corral.core import log
from corral.core.engine_settings import DeviceSettings, EngineSettings
from corral.core.errors import ModelLoadError
from corral.engine.llama import devices

# enum llama_load_mode, llama_lazy_mode, llama_split_mode and llama_model_kv_override_type, llama.h
LOAD_MODES = {"auto": -1, "none": 0, "mmap": 1, "mlock": 2, "mmap+mlock": 3, "dio": 4}
LAZY_MODES = {"off": 0, "auto": 1, "on": 2}
SPLIT_MODES = {"none": 0, "layer": 1, "row": 2, "tensor": 3}
_INT, _FLOAT, _BOOL, _STR = 0, 1, 2, 3

# Names of feed-forward tensors, as llama-server's --cpu-moe, --n-cpu-moe and --n-cpu-ffn match them.
_EXPERTS = r"\.ffn_(up|down|gate|gate_up)_(ch|)exps"
_DENSE = r"\.ffn_(up|down|gate)\."
_INT32_MAX = 2**31 - 1

_log = log.get("llama")


@dataclass(frozen=True)
class ModelParams:
    """`struct` is what C reads; `kept` what it points to and must outlive the load."""

    struct: Any
    kept: tuple[object, ...]


class _Override(ctypes.Structure):
    """`llama_model_tensor_buft_override`, which the bindings leave out."""

    _fields_ = (("pattern", ctypes.c_char_p), ("buffer", ctypes.c_void_p))


def model_params(settings: EngineSettings) -> ModelParams:
    """Return the parameters of a load. Raises `ModelLoadError` for what this machine or build cannot do."""
    device = settings.device
    struct = llama_cpp.llama_model_default_params()
    struct.n_gpu_layers = device.n_gpu_layers
    struct.split_mode = SPLIT_MODES[device.split_mode]
    struct.main_gpu = min(device.main_gpu, _INT32_MAX)
    struct.load_mode = _load_mode(settings)
    struct.lazy_mode = LAZY_MODES[settings.lazy_mode]
    struct.check_tensors = settings.are_tensors_checked
    struct.use_extra_bufts = device.is_repacked
    struct.no_host = not device.has_host_buffers
    if device.rpc_servers:
        devices.add_rpc_servers(device.rpc_servers)
    kept = (
        _point(struct, "devices", _devices(device)),
        _point(struct, "tensor_split", _tensor_split(device)),
        _point(struct, "kv_overrides", _kv_overrides(settings)),
        _point(struct, "tensor_buft_overrides", _tensor_overrides(device)),
    )
    _warn_of_no_gpu(device)
    return ModelParams(struct, kept)


def _point(struct: Any, field: str, array: Any) -> object:  # noqa: ANN401 - ctypes arrays
    """Let a pointer of the struct point to `array`, if there is one; return the array."""
    if array is not None:
        pointer_type = dict(struct._fields_)[field]
        setattr(struct, field, ctypes.cast(array, pointer_type))
    return array


def _load_mode(settings: EngineSettings) -> int:
    mode = settings.load_mode or _named_mode(is_mmap=settings.is_mmap, is_mlock=settings.is_mlock)
    if "mlock" in mode and not llama_cpp.llama_supports_mlock():
        _log.warning("llama.no_mlock", text="memory cannot be locked on this system; --mlock has no effect")
    return LOAD_MODES[mode]


def _named_mode(*, is_mmap: bool, is_mlock: bool) -> str:
    return "+".join(["mmap"] * is_mmap + ["mlock"] * is_mlock) or "none"


def _devices(settings: DeviceSettings) -> Any:  # noqa: ANN401 - a ctypes array
    """Return a list ended by NULL; None: all devices."""
    if settings.devices is None:
        return None
    picked = [device.pointer for device in devices.pick(settings.devices)]
    return (ctypes.c_void_p * (len(picked) + 1))(*picked, None)


def _tensor_split(settings: DeviceSettings) -> Any:  # noqa: ANN401 - a ctypes array
    split, n_max = settings.tensor_split, llama_cpp.llama_max_devices()
    if not split:
        return None
    if len(split) >= n_max:
        raise ModelLoadError(
            f"--tensor-split: got {len(split)} input configs, but system only has {n_max} devices"
        )
    return (ctypes.c_float * n_max)(*split)


def _kv_overrides(settings: EngineSettings) -> Any:  # noqa: ANN401 - a ctypes array
    """Return the overrides, ended by one with an empty key."""
    if not settings.kv_overrides:
        return None
    array = (llama_cpp.llama_model_kv_override * (len(settings.kv_overrides) + 1))()
    for entry, (key, value) in zip(array, settings.kv_overrides, strict=False):
        _fill(entry, key, value)
    return array


def _fill(entry: Any, key: str, value: bool | float | str) -> None:  # noqa: ANN401, FBT001 - a ctypes struct; a value
    if not 0 < len(key.encode()) < 128:
        raise ModelLoadError(f"--override-kv: a key has 1 to 127 bytes, not '{key}'")
    entry.key = key.encode()
    match value:
        case bool():
            entry.tag, entry.value.val_bool = _BOOL, value
        case int():
            entry.tag, entry.value.val_i64 = _INT, value
        case float():
            entry.tag, entry.value.val_f64 = _FLOAT, value
        case str() if len(value.encode()) < 128:
            entry.tag, entry.value.val_str = _STR, value.encode()
        case _:
            raise ModelLoadError(f"--override-kv: the value of {key} is longer than 127 bytes")


def tensor_places(settings: DeviceSettings) -> list[tuple[str, str]]:
    """Return pairs of pattern and buffer type; for a tensor, the first that matches counts."""
    n_moe = [(rf"blk\.{layer}{_EXPERTS}", "CPU") for layer in range(settings.n_cpu_moe)]
    n_ffn = [(rf"blk\.{layer}{_DENSE}", "CPU") for layer in range(settings.n_cpu_ffn)]
    return [*settings.tensor_overrides, *[(_EXPERTS, "CPU")] * settings.is_cpu_moe, *n_moe, *n_ffn]


def _tensor_overrides(settings: DeviceSettings) -> Any:  # noqa: ANN401 - a ctypes array
    """Return the overrides, ended by one without a pattern."""
    places, n_max = tensor_places(settings), llama_cpp.llama_max_tensor_buft_overrides()
    if not places:
        return None
    if len(places) >= n_max:
        raise ModelLoadError(f"at most {n_max - 1} tensor overrides are possible, not {len(places)}")
    known = devices.buffer_types()
    for _, buffer in places:
        if buffer not in known:
            raise ModelLoadError(
                f"--override-tensor: unknown buffer type: {buffer}; there is: {', '.join(known)}"
            )
    pairs = [_Override(pattern.encode(), known[buffer]) for pattern, buffer in places]
    return (_Override * (len(pairs) + 1))(*pairs)


def _warn_of_no_gpu(settings: DeviceSettings) -> None:
    if llama_cpp.llama_supports_gpu_offload():
        return
    idle = DeviceSettings()
    given = {
        "--gpu-layers": settings.n_gpu_layers != idle.n_gpu_layers,
        "--split-mode": settings.split_mode != idle.split_mode,
        "--tensor-split": settings.tensor_split != idle.tensor_split,
        "--main-gpu": settings.main_gpu != idle.main_gpu,
    }
    flags = ", ".join(flag for flag, is_given in given.items() if is_given)
    if flags:
        _log.warning("llama.no_gpu", text=f"no usable GPU found, {flags} will be ignored")
