"""The list of models that earlier downloads left on this machine."""

from __future__ import annotations

from pathlib import Path

from corral.catalog.pulled import pulled_models


def cached_models(folder: Path, hub_folder: Path | None = None) -> list[str]:
    """Return their names, as they can be given to `corral serve` again, in order.

    Files of `folder` that came from an address or registry are told by their path, those of Hugging Face
    repositories as owner/name:QUANT. `hub_folder` None: where the huggingface_hub library keeps its own.
    """
    models = pulled_models(folder, hub_folder)
    kept = [str(model.path) for model in models if model.path.parent == folder]
    return [model.name for model in models if model.path.parent != folder] + sorted(kept)
