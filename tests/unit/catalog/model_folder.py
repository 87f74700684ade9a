"""A models folder of small real files."""

from __future__ import annotations

import json

import msgspec

from corral.core.errors import SettingsError
from corral.core.model_definition import ModelDefinition
from corral.core.settings import ModelSettings, Settings
from tests.unit.catalog.gguf_bytes import gguf_file, pair, small_model, tensor

MODEL = small_model()


def put(path, content=MODEL):
    """Write a file, with its folders; return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def other_gguf(kind):
    """Return a GGUF file that is no model: an adapter, a projector, ..."""
    pairs = [pair("general.architecture", "str", "llama"), pair("general.type", "str", kind)]
    return gguf_file(pairs, [tensor("a", (32,))], bytes(128))


def part(number, count):
    """Return one of `count` files of a model; `number` counts from 0."""
    pairs = [
        pair("general.architecture", "str", "llama"),
        pair("split.no", "u16", number),
        pair("split.count", "u16", count),
    ]
    return gguf_file(pairs, [tensor(f"blk.{number}.ffn_up.weight", (32,))], bytes(128))


def safetensors(tensors=("a.weight",), *, header=None):
    """Return a file whose tensors are 4 floats each."""
    entries = {
        name: {"dtype": "F32", "shape": [2, 2], "data_offsets": [16 * n, 16 * n + 16]}
        for n, name in enumerate(tensors)
    }
    head = json.dumps({"__metadata__": {"format": "pt"}, **entries}).encode() if header is None else header
    return len(head).to_bytes(8, "little") + head + bytes(16 * len(entries))


def whole_folder(path, **config):
    """Write a folder that lacks nothing."""
    put(path / "config.json", json.dumps({"model_type": "llama", **config}).encode())
    put(path / "tokenizer.model", b"")
    put(path / "model.safetensors", safetensors())
    return path


def definition(name, path=None, *, aliases=(), runner="llama", origin="", **model):
    """Return a declared model."""
    settings = Settings(model=ModelSettings(path=None if path is None else str(path), **model))
    return ModelDefinition(name=name, settings=settings, aliases=aliases, runner=runner, origin=origin)


class Definitions:
    """A definitions file whose content is what a test says; it cannot be read while `error` is set."""

    def __init__(self, path, *definitions):
        self.paths = (path,)
        self.n_reads = 0
        self.say(*definitions)

    def say(self, *definitions, error=None):
        self._definitions, self._error = definitions, error
        put(self.paths[0], f"{self.n_reads} {len(definitions)} {error}".encode())

    def read(self):
        self.n_reads += 1
        if self._error is not None:
            raise SettingsError(self._error)
        return list(self._definitions)


def with_model(settings, **changes):
    """Return settings with another model."""
    return msgspec.structs.replace(settings, model=msgspec.structs.replace(settings.model, **changes))
