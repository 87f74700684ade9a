"""Options about GPUs and other devices: what lies on them."""

from __future__ import annotations

from corral.config.engine_kinds import Proportions, TensorPlaces
from corral.config.kinds import INT_MAX, Choice, Integer, Words, on_off
from corral.config.option import Option

LIST_DEVICES = Option(
    flags="--list-devices",
    fills=None,
    help="Print the devices besides the CPU with their memory, and exit.",
)
_NOT_FITTED = "has no effect: Corral fits nothing to a device's memory; set --gpu-layers and --ctx-size"


def _unless_off(text: str) -> str | None:
    return _NOT_FITTED if on_off().read(text) == "on" else None


def _never(_text: str) -> str:
    return _NOT_FITTED


ROWS = (
    LIST_DEVICES,
    Option(
        flags="-ngl --gpu-layers --n-gpu-layers",
        env="LLAMA_ARG_N_GPU_LAYERS",
        fills="engine.device.n_gpu_layers",
        kind=Integer(0, words={"all": INT_MAX, "auto": INT_MAX, "-1": INT_MAX, "-2": INT_MAX}),
        help="Layers that run on the GPU; auto: all.",
    ),
    Option(
        flags="-dev --device",
        env="LLAMA_ARG_DEVICE",
        fills="engine.device.devices",
        kind=Words("DEV1,DEV2,...", "names from --list-devices, or none", none="none"),
        default_text="all",
        help="The devices that may be used besides the CPU.",
    ),
    Option(
        flags="-sm --split-mode",
        env="LLAMA_ARG_SPLIT_MODE",
        fills="engine.device.split_mode",
        kind=Choice({mode: mode for mode in ("none", "layer", "row", "tensor")}),
        help="How the model is spread over several devices: not, by layers, by rows, by tensors.",
    ),
    Option(
        flags="-ts --tensor-split",
        env="LLAMA_ARG_TENSOR_SPLIT",
        fills="engine.device.tensor_split",
        kind=Proportions(),
        default_text="by free memory",
        help="The share of the model that each device gets.",
    ),
    Option(
        flags="-mg --main-gpu",
        env="LLAMA_ARG_MAIN_GPU",
        fills="engine.device.main_gpu",
        kind=Integer(0, metavar="INDEX"),
        help="The device of the model with --split-mode none, of intermediate results with row.",
    ),
    Option(
        flags="-fit --fit",
        env="LLAMA_ARG_FIT",
        fills=None,
        kind=on_off(),
        default_text="off",
        remark=_unless_off,
        help="Accepted for llama-server's sake: Corral fits nothing to a device's memory.",
        differs="Nothing is fitted: the functions are not in llama.cpp's library. On gives a warning.",
    ),
    Option(
        flags="-fitt --fit-target",
        env="LLAMA_ARG_FIT_TARGET",
        fills=None,
        kind=Proportions("MiB0,MiB1,..."),
        unit="MiB",
        remark=_never,
        help="Accepted for llama-server's sake, as --fit.",
        differs="Without effect, with a warning: as --fit.",
    ),
    Option(
        flags="-fitc --fit-ctx",
        env="LLAMA_ARG_FIT_CTX",
        fills=None,
        kind=Integer(0),
        unit="tokens",
        remark=_never,
        help="Accepted for llama-server's sake, as --fit.",
        differs="Without effect, with a warning: as --fit.",
    ),
    Option(
        flags="-ot --override-tensor",
        env="LLAMA_ARG_OVERRIDE_TENSOR",
        fills="engine.device.tensor_overrides",
        kind=TensorPlaces(),
        is_repeatable=True,
        help="Where tensors lie whose name matches a regular expression, as a buffer type such as CPU.",
    ),
    Option(
        flags="-cmoe --cpu-moe",
        env="LLAMA_ARG_CPU_MOE",
        fills="engine.device.is_cpu_moe",
        help="Keep the experts of all layers in the CPU's memory.",
    ),
    Option(
        flags="-ncmoe --n-cpu-moe",
        env="LLAMA_ARG_N_CPU_MOE",
        fills="engine.device.n_cpu_moe",
        kind=Integer(0, 2**15),
        unit="layers",
        help="Keep the experts of the first layers in the CPU's memory.",
    ),
    Option(
        flags="-ncffn --n-cpu-ffn",
        env="LLAMA_ARG_N_CPU_FFN",
        fills="engine.device.n_cpu_ffn",
        kind=Integer(0, 2**15),
        unit="layers",
        help="Keep the dense feed-forward weights of the first layers in the CPU's memory.",
    ),
    Option(
        flags="--rpc",
        env="LLAMA_ARG_RPC",
        fills="engine.device.rpc_servers",
        kind=Words("HOST:PORT,...", "addresses, separated by commas"),
        help="Use the devices of these ggml RPC servers too, if llama.cpp was built for that.",
    ),
    Option(
        flags="-kvo --kv-offload",
        off="-nkvo --no-kv-offload",
        env="LLAMA_ARG_KV_OFFLOAD",
        fills="engine.device.is_kv_offloaded",
        help="Keep the KV cache of a layer on its device.",
    ),
    Option(
        flags="--op-offload",
        off="--no-op-offload",
        fills="engine.device.is_op_offloaded",
        help="Compute large operations on the device even where their weights are not.",
    ),
    Option(
        flags="--repack",
        off="-nr --no-repack",
        env="LLAMA_ARG_REPACK",
        fills="engine.device.is_repacked",
        help="Lay weights out anew, as the CPU reads them fastest.",
    ),
    Option(
        off="--no-host",
        env="LLAMA_ARG_NO_HOST",
        fills="engine.device.has_host_buffers",
        default_text="a device's host buffers are used",
        help="Do without the device's host buffers, so that repacked weights can be used.",
    ),
)
