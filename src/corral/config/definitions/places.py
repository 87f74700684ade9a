"""Where the file of a declared model lies."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import msgspec

from corral.catalog.locating import locate
from corral.catalog.quant import is_model
from corral.core.errors import SettingsError
from corral.core.settings import ModelSettings

# OWNER/NAME[:QUANT] of the Hugging Face hub; a path to a file ends in its format.
_REPOSITORY = re.compile(r"\w[\w.-]*/\w[\w.-]*(:[\w.-]+)?", re.ASCII)
_FORMATS = (".gguf", ".bin", ".safetensors", ".pt", ".pth")
_DEFAULT_DIR = "models"


@dataclass(frozen=True)
class Places:
    """Looks into the working directory, and into `models_dir` with its folders `ggml` and `gptq`."""

    models_dir: str | None = None

    def settle(self, name: str, model: ModelSettings) -> ModelSettings:
        """Return `model` with the file that it means, or the repository.

        A path that is no file here and looks like OWNER/NAME is a repository. Without any source the name
        itself is looked for. Raises SettingsError if it cannot be one either.
        """
        if model.url or model.docker_repo or model.hf_repo:
            return model
        wanted = model.path or name
        found = self._find(wanted) or (None if model.path else self._find(f"{name}.gguf"))
        if found:
            return msgspec.structs.replace(model, path=str(found))
        if _is_repository(wanted):
            return msgspec.structs.replace(model, path=None, hf_repo=wanted)
        return msgspec.structs.replace(model, path=self._expected(model.path, name))

    def _find(self, path: str) -> Path | None:
        """Return the file or folder, None where there is none; of a folder of GGUF files the first model."""
        found = locate(path, Path(self.models_dir or _DEFAULT_DIR))
        return _model_in(found) if found and found.is_dir() else found

    def _expected(self, path: str | None, name: str) -> str:
        """Return where the file should be. It may come later; until then requests hear what is missing."""
        if path:
            return path
        if self.models_dir is None:
            raise SettingsError(
                "nothing says which model it is: give model, hf-repo, model-url, docker-repo or proxy-url"
            )
        return str(Path(self.models_dir) / f"{name}.gguf")


def _is_repository(text: str) -> bool:
    return _REPOSITORY.fullmatch(text) is not None and not text.lower().endswith(_FORMATS)


def _model_in(folder: Path) -> Path:
    files = sorted(file for file in folder.glob("*.gguf") if is_model(file.name))
    return files[0] if files else folder
