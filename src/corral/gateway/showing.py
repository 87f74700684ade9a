"""What is shown of a model: its declaration and files, and what the gateway knows besides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from corral.catalog.entry_view import view_of

if TYPE_CHECKING:
    from corral.core.messages import ModelFacts
    from corral.core.model_view import ModelView
    from corral.gateway.model import Model
    from corral.gateway.worker import Worker


def shown(model: Model, now_s: float, *, is_default: bool) -> ModelView:
    """Return what is known of `model` now."""
    view = msgspec.structs.replace(
        view_of(model.entry, model.needed()),
        name=model.key,
        state=model.state,
        reason=model.reason,
        progress=model.progress,
        n_open=model.n_interested,
        ttl_s=model.ttl_s,
        expires_in_s=model.expires_in_s(now_s),
        is_pinned=model.is_pinned,
        is_default=is_default,
    )
    return _with_worker(view, model.worker) if model.worker is not None and model.has_process else view


def _with_worker(view: ModelView, worker: Worker) -> ModelView:
    """Return the view with what only a process has."""
    view = msgspec.structs.replace(view, rss_bytes=worker.process.heartbeat.rss_bytes, pid=worker.process.pid)
    return view if worker.facts is None else _with_facts(view, worker.facts, worker.load_s)


def _with_facts(view: ModelView, facts: ModelFacts, load_s: float) -> ModelView:
    """Return the view with what an engine says of files that were not looked at."""
    return msgspec.structs.replace(
        view,
        load_s=load_s,
        architecture=view.architecture or facts.architecture,
        quantization=view.quantization or facts.file_type,
        n_bytes=view.n_bytes or facts.n_bytes,
        n_params=view.n_params or facts.n_params,
        n_ctx_train=view.n_ctx_train or facts.n_ctx_train,
        has_chat_template=view.has_chat_template or bool(facts.chat_template),
    )
