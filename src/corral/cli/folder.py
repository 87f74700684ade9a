"""The models that `corral serve` would serve here, as they are known without a server."""

from __future__ import annotations

from collections.abc import Mapping

from corral.app.declared import declared_models
from corral.catalog.entry import ModelEntry
from corral.core.errors import NotFoundError
from corral.core.model_view import ModelState, ModelView
from corral.core.settings import Settings


def entries_here(settings: Settings) -> Mapping[str, ModelEntry]:
    """Return the models by their names. Blocks. Raises SettingsError."""
    return declared_models(settings).entries


def entry_here(name: str, settings: Settings) -> ModelEntry:
    """Return the model of this name. Raises NotFoundError, SettingsError."""
    declared = declared_models(settings)
    if declared.is_single and name not in declared.entries:  # which takes any name for its own
        raise NotFoundError(f"There is no model {name!r} here; there is {', '.join(declared.entries)}")
    return declared.find(name)


def view_of(entry: ModelEntry) -> ModelView:
    """Return a model that no server has loaded as one would show it."""
    stay = entry.definition.settings.stay
    is_remote = entry.definition.settings.remote.base_url is not None
    at_rest = ModelState.REMOTE if is_remote else ModelState.UNLOADED
    return ModelView(
        name=entry.name,
        state=ModelState.UNUSABLE if entry.problem else at_rest,
        aliases=entry.aliases,
        tags=entry.definition.settings.model.tags,
        reason=entry.problem or "",
        format=entry.format,
        path=str(entry.path) if entry.path else None,
        origin=entry.definition.origin,
        architecture=entry.architecture,
        quantization=entry.quantization,
        n_bytes=entry.n_bytes,
        n_params=entry.n_params,
        n_ctx_train=entry.n_ctx_train,
        has_chat_template=entry.has_chat_template,
        need=entry.need(),
        ttl_s=stay.ttl_s,
        is_pinned=stay.is_pinned,
    )
