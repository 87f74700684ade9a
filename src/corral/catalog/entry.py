"""One model of the catalogue: how it is declared, and what its files say."""

from __future__ import annotations

from pathlib import Path

import msgspec

from corral.catalog.gguf_header import GgufHeader
from corral.catalog.memory_need import memory_parts
from corral.catalog.weights_folder import WeightsFolder
from corral.core.engine_settings import EngineSettings
from corral.core.memory import Memory
from corral.core.model_definition import ModelDefinition

REMOTE, DOWNLOAD = "remote", "download"


class ModelEntry(msgspec.Struct, frozen=True):
    """A model that requests may name.

    `format`: gguf, ggml, gptq, safetensors, remote, or download for one that is not on this machine yet.
    `path` is its (first) file or its folder, None if it is not here. `n_bytes` counts all its parts that are
    here, without the projector, which is None if it is not here. `problem` says why the model cannot be
    loaded, with a line for each thing that is missing; None: nothing is known against it. `aliases` are those
    of the definition that mean no other model; its file's names mean it too. The settings of `definition`
    name the file where it was found. `modified_ns`: when its files were written last, 0 if they are not here.
    """

    definition: ModelDefinition
    format: str = "gguf"
    path: Path | None = None
    n_bytes: int = 0
    header: GgufHeader | None = None
    problem: str | None = None
    aliases: tuple[str, ...] = ()
    projector: Path | None = None
    modified_ns: int = 0
    folder: WeightsFolder | None = None

    @property
    def name(self) -> str:
        """Its name in the API."""
        return self.definition.name

    @property
    def architecture(self) -> str:
        """The word of its header, empty if unknown."""
        found = self.header or self.folder
        return found.architecture if found else ""

    @property
    def quantization(self) -> str:
        """The type of most of its weights, empty if unknown."""
        found = self.header or self.folder
        return found.quantization if found else ""

    @property
    def n_params(self) -> int:
        """How many numbers its weights are, 0 if unknown."""
        found = self.header or self.folder
        return found.n_params if found else 0

    @property
    def n_ctx_train(self) -> int:
        """Tokens of context that it was trained for, 0 if unknown."""
        found = self.header or self.folder
        return found.n_ctx_train if found else 0

    @property
    def has_chat_template(self) -> bool:
        """Whether its files bring a template."""
        if self.header is not None:
            return self.header.chat_template is not None
        return self.folder is not None and self.folder.has_chat_template

    @property
    def engine(self) -> EngineSettings:
        """How its engine is to run it, with the projector that lies beside it."""
        engine = self.definition.settings.engine
        if self.projector is None:
            return engine
        media = msgspec.structs.replace(engine.media, projector_path=str(self.projector))
        return msgspec.structs.replace(engine, media=media)

    def need(self, *, machine_bytes: int | None = None, has_device: bool = True) -> Memory:
        """Return the memory that it is estimated to need; without a header the size of its files.

        `machine_bytes` and `has_device` as in `memory_parts`.
        """
        if self.header is None:
            return Memory(host_bytes=self.n_bytes)
        parts = memory_parts(
            self.header, self.n_bytes, self.engine, machine_bytes=machine_bytes, has_device=has_device
        )
        return parts.needed
