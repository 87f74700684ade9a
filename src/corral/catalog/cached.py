"""The models that earlier downloads left on this machine."""

from __future__ import annotations

from pathlib import Path

from huggingface_hub import scan_cache_dir
from huggingface_hub.errors import CacheNotFound

from corral.catalog.quant import is_model, tag_of
from corral.catalog.receipt import receipt_path


def cached_models(folder: Path, hub_folder: Path | None = None) -> list[str]:
    """Return their names, as they can be given to `corral serve` again, in order.

    Files of `folder` that came from an address or registry are told by their path, those of Hugging Face
    repositories as owner/name:QUANT. `hub_folder` None: where the huggingface_hub library keeps its own.
    """
    files = sorted(folder.glob("*.gguf")) if folder.is_dir() else []
    kept = [str(file) for file in files if is_model(file.name) and receipt_path(file).is_file()]
    return sorted(_from_hub(hub_folder)) + kept


def _from_hub(folder: Path | None) -> set[str]:
    try:
        repos = scan_cache_dir(folder).repos
    except CacheNotFound:
        return set()
    return {
        f"{repo.repo_id}:{tag_of(file.file_name)}" if tag_of(file.file_name) else repo.repo_id
        for repo in repos
        for revision in repo.revisions
        for file in revision.files
        if is_model(file.file_name)
    }
