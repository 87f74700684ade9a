"""A model's state in the words of llama-server's router."""

from __future__ import annotations

from typing import Any

from corral.core.model_view import ModelEvent, ModelState, ModelView

# The router has fewer states: what waits is loading, what is about to go still runs, what another server
# runs is loaded, and what failed is unloaded and says so.
_WORDS = {
    ModelState.UNLOADED: "unloaded",
    ModelState.DOWNLOADING: "downloading",
    ModelState.WAITING: "loading",
    ModelState.LOADING: "loading",
    ModelState.READY: "loaded",
    ModelState.UNLOADING: "loaded",
    ModelState.RESTARTING: "loading",
    ModelState.FAILED: "unloaded",
    ModelState.QUARANTINED: "unloaded",
    ModelState.UNUSABLE: "unloaded",
    ModelState.REMOTE: "loaded",
}
_BAD = frozenset({ModelState.FAILED, ModelState.QUARANTINED, ModelState.UNUSABLE})
_STAGE = "text_model"


def status_of(view: ModelView) -> dict[str, Any]:
    """Return what stands under `status` in a list of models."""
    return {"value": _WORDS[view.state], **_told(view.name, view)}


def event_of(event: ModelEvent) -> dict[str, Any]:
    """Return what GET /models/sse tells of a change."""
    if event.state is ModelState.DOWNLOADING and event.progress is not None:
        progress = _downloaded(event.model, event.progress)
        return {"model": event.model, "event": "download_progress", "data": progress}
    data = {"status": _WORDS[event.state], **_told(event.model, event)}
    return {"model": event.model, "event": "model_status", "data": data}


def _told(name: str, model: ModelView | ModelEvent) -> dict[str, Any]:
    told: dict[str, Any] = {"failed": True} if model.state in _BAD else {}
    if model.reason:
        told["reason"] = model.reason
    if model.progress is not None:
        is_download = model.state is ModelState.DOWNLOADING
        told["progress"] = _downloaded(name, model.progress) if is_download else _loaded(model.progress)
    return told


def _downloaded(name: str, part: float) -> dict[str, Any]:
    """Return how far a download is, in hundredths: the gateway tells no bytes, and no addresses."""
    return {name: {"done": round(100 * part), "total": 100}}


def _loaded(part: float) -> dict[str, Any]:
    return {"stages": [_STAGE], "current": _STAGE, "value": part}
