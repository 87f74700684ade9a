"""The devices that llama.cpp can use besides the CPU. As a program: prints them (`--list-devices`)."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Sequence as Items
from dataclasses import dataclass

import llama_cpp

from corral.core.errors import ModelLoadError
from corral.engine.llama.symbols import function

_MIB = 1024 * 1024
_CPU = 0  # enum ggml_backend_dev_type, ggml-backend.h

_POINTER, _TEXT, _SIZE = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t
_count = function("ggml_backend_dev_count", _SIZE)
_get = function("ggml_backend_dev_get", _POINTER, _SIZE)
_name = function("ggml_backend_dev_name", _TEXT, _POINTER)
_description = function("ggml_backend_dev_description", _TEXT, _POINTER)
_type = function("ggml_backend_dev_type", ctypes.c_int, _POINTER)
_memory = function("ggml_backend_dev_memory", None, _POINTER, ctypes.POINTER(_SIZE), ctypes.POINTER(_SIZE))
_buffer_type = function("ggml_backend_dev_buffer_type", _POINTER, _POINTER)
_buffer_name = function("ggml_backend_buft_name", _TEXT, _POINTER)
_registry = function("ggml_backend_reg_by_name", _POINTER, _TEXT)
_address = function("ggml_backend_reg_get_proc_address", _POINTER, _POINTER, _TEXT)
_register = function("ggml_backend_register", None, _POINTER)


@dataclass(frozen=True)
class Device:
    """A `ggml_backend_dev_t`. The library owns it."""

    pointer: int
    name: str

    @property
    def is_cpu(self) -> bool:
        """Whether it is the CPU itself."""
        return bool(_type(self.pointer) == _CPU)

    def line(self) -> str:
        """Return what `--list-devices` shows."""
        free, total = _SIZE(), _SIZE()
        _memory(self.pointer, ctypes.byref(free), ctypes.byref(total))
        description = _description(self.pointer).decode("utf-8", "replace")
        return f"{self.name}: {description} ({total.value // _MIB} MiB, {free.value // _MIB} MiB free)"


def all_devices() -> list[Device]:
    """Return every device of this machine that llama.cpp was built for, the CPU too."""
    pointers = (_get(index) for index in range(_count()))
    return [Device(pointer, _name(pointer).decode("utf-8", "replace")) for pointer in pointers]


def offload_devices() -> list[Device]:
    """Return those besides the CPU."""
    return [device for device in all_devices() if not device.is_cpu]


def pick(names: Items[str]) -> list[Device]:
    """Return the devices of these names. Raises `ModelLoadError` for one that is not there."""
    known = {device.name: device for device in offload_devices()}
    for name in names:
        if name not in known:
            there = ", ".join(known) or "none besides the CPU"
            raise ModelLoadError(f"--device: invalid device: {name}; there is: {there}")
    return [known[name] for name in names]


def buffer_types() -> dict[str, int]:
    """Return the buffer types that tensors can be put into, by name."""
    buffers = (_buffer_type(device.pointer) for device in all_devices())
    return {_buffer_name(buffer).decode("utf-8", "replace"): buffer for buffer in buffers if buffer}


def add_rpc_servers(addresses: Items[str]) -> None:
    """Make the devices of these servers known. Raises `ModelLoadError` where llama.cpp cannot."""
    if not llama_cpp.llama_supports_rpc():
        raise ModelLoadError("--rpc: RPC not supported in this build of llama.cpp; build it with GGML_RPC=ON")
    address = _address(_registry(b"RPC"), b"ggml_backend_rpc_add_server")
    add_server = ctypes.CFUNCTYPE(_POINTER, _TEXT)(address)
    for server in addresses:
        registry = add_server(server.encode())
        if not registry:
            raise ModelLoadError(f"--rpc: no server answers at {server}")
        _register(registry)


def main() -> int:
    """Print the devices as llama-server does."""
    lines = [device.line() for device in offload_devices()] or ["(none)"]
    sys.stdout.write("Available devices:\n" + "".join(f"  {line}\n" for line in lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
