"""Models that are folders: Hugging Face's layout, with weights as safetensors, GPTQ's among them.

No engine of this Corral runs them yet; they are listed with what they lack.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from corral.catalog.folder_scan import is_pickle, is_tensors
from corral.catalog.safetensors_header import Tensor, read_safetensors
from corral.core.errors import ModelLoadError

_MAX_CONFIG_BYTES = 4 * 1024 * 1024
_TOKENIZERS = ("tokenizer.model", "tokenizer.json")
_FORMAT_NAMES = {"gptq": "GPTQ", "safetensors": "safetensors"}


class WeightsFolder(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of such a model. `format`: gptq (quantized weights of any kind) or safetensors.

    `problem` names each thing that is missing on a line of its own. `n_params` is 0 where weights are packed.
    """

    format: str
    problem: str
    n_bytes: int = 0
    architecture: str = ""
    quantization: str = ""
    n_params: int = 0
    n_ctx_train: int = 0
    has_chat_template: bool = False
    weight_files: tuple[str, ...] = ()


class _Quantization(msgspec.Struct, frozen=True):
    quant_method: str = ""
    bits: float = 0


class _Config(msgspec.Struct, frozen=True):
    """The part of `config.json` that is shown."""

    model_type: str = ""
    max_position_embeddings: int | None = None
    quantization_config: _Quantization | None = None


def read_folder(folder: Path) -> WeightsFolder:
    """Return what is known of the model in `folder`. Never raises; pickles are not opened."""
    names = _names(folder)
    weight_files = tuple(name for name in names if is_tensors(name) or is_pickle(name))
    complaints = missing_files(names)
    config = _config(folder, names, complaints)
    tensors = _all_tensors(folder, names, complaints)
    quantization = config.quantization_config
    is_packed = quantization is not None or any(name.endswith(".qweight") for name in tensors)
    kind = "gptq" if is_packed or "quantize_config.json" in names else "safetensors"
    complaints.append(
        f"this Corral has no runner for {_FORMAT_NAMES[kind]} folders yet: convert the model to GGUF, or get"
        " it as a GGUF file"
    )
    return WeightsFolder(
        format=kind,
        problem="\n".join(complaints),
        n_bytes=sum(_size(folder / name) for name in weight_files),
        architecture=config.model_type,
        quantization=_quantization(quantization, tensors.values()),
        n_params=0 if kind == "gptq" else sum(tensor.n_values for tensor in tensors.values()),
        n_ctx_train=config.max_position_embeddings or 0,
        has_chat_template="chat_template.jinja" in names,
        weight_files=weight_files,
    )


def missing_files(names: Sequence[str]) -> list[str]:
    """Return a sentence for each file that a folder with these files lacks to be a model."""
    missing = []
    if "config.json" not in names:
        missing.append("config.json is missing")
    if not any(is_tensors(name) for name in names):
        pickles = [name for name in names if is_pickle(name)]
        instead = f" ({pickles[0]} is a pickle, which is never opened)" if pickles else ""
        missing.append(f"the weight file (*.safetensors) is missing{instead}")
    if not any(name in names for name in _TOKENIZERS):
        missing.append(f"{' or '.join(_TOKENIZERS)} is missing")
    return missing


def folder_signature(folder: Path) -> tuple[tuple[str, int, int, int], ...]:
    """Return what changes when a file of the folder does. Raises OSError when one vanishes meanwhile."""
    stats = ((name, (folder / name).stat()) for name in _names(folder))
    return tuple((name, found.st_size, found.st_mtime_ns, found.st_ino) for name, found in stats)


def _names(folder: Path) -> list[str]:
    try:
        return sorted(path.name for path in folder.iterdir() if path.is_file())
    except OSError:
        return []


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _config(folder: Path, names: Sequence[str], complaints: list[str]) -> _Config:
    """Return the configuration; what is wrong with it is added to `complaints`."""
    if "config.json" not in names:
        return _Config()
    try:
        with (folder / "config.json").open("rb") as file:
            return msgspec.json.decode(file.read(_MAX_CONFIG_BYTES), type=_Config)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        complaints.append(f"config.json cannot be read: {error}")
        return _Config()


def _all_tensors(folder: Path, names: Sequence[str], complaints: list[str]) -> dict[str, Tensor]:
    """Return the tensors of all weight files; what is wrong with one is added to `complaints`."""
    tensors: dict[str, Tensor] = {}
    for name in filter(is_tensors, names):
        try:
            tensors |= read_safetensors(folder / name)
        except ModelLoadError as error:
            complaints.append(error.message)
    return tensors


def _quantization(known: _Quantization | None, tensors: Iterable[Tensor]) -> str:
    if known is not None and known.quant_method:
        bits = f" {known.bits:g}-bit" if known.bits else ""
        return f"{known.quant_method.upper()}{bits}"
    sizes: dict[str, int] = {}
    for tensor in tensors:
        sizes[tensor.dtype] = sizes.get(tensor.dtype, 0) + tensor.n_values
    return max(sizes, key=lambda dtype: sizes[dtype], default="")
