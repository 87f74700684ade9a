"""A model as it is known from its declaration and its files alone."""

from __future__ import annotations

from corral.catalog.entry import ModelEntry
from corral.core.memory import Memory
from corral.core.model_view import ModelState, ModelView


def view_of(entry: ModelEntry, need: Memory) -> ModelView:
    """Return what is known of a model that nothing has loaded; `need` is what it is thought to need."""
    settings = entry.definition.settings
    at_rest = ModelState.UNLOADED if settings.remote.base_url is None else ModelState.REMOTE
    return ModelView(
        name=entry.name,
        state=at_rest if entry.problem is None else ModelState.UNUSABLE,
        aliases=entry.aliases,
        tags=settings.model.tags,
        reason=entry.problem or "",
        format=entry.format,
        path=str(entry.path) if entry.path is not None else None,
        origin=entry.definition.origin,
        architecture=entry.architecture,
        quantization=entry.quantization,
        n_bytes=entry.n_bytes,
        n_params=entry.n_params,
        n_ctx_train=entry.n_ctx_train,
        has_chat_template=entry.has_chat_template,
        need=need,
        ttl_s=settings.stay.ttl_s,
        is_pinned=settings.stay.is_pinned,
    )
