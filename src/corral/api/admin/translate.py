"""What the admin API shows of the gateway's own words. Pure."""

from __future__ import annotations

from typing import Any

import msgspec

from corral.core.model_view import ModelEvent, ModelView
from corral.gateway.placement import Decision


def to_model(view: ModelView) -> dict[str, Any]:
    """Return a model as JSON has it: the fields of `ModelView`, states as their words."""
    shown: dict[str, Any] = msgspec.to_builtins(view)
    return shown


def to_event(event: ModelEvent) -> dict[str, Any]:
    """Return a change of state, the fields of `ModelEvent`."""
    shown: dict[str, Any] = msgspec.to_builtins(event)
    return shown


def to_present(view: ModelView) -> dict[str, Any]:
    """Return the state that a model is in already, as an event with the number 0."""
    now = ModelEvent(n=0, model=view.name, state=view.state, progress=view.progress, reason=view.reason)
    return to_event(now)


def to_placement(model: str, decision: Decision) -> dict[str, Any]:
    """Return what loading `model` would do.

    `evicted` would be unloaded at once, `closed` when their requests have ended.
    """
    return {"model": model, **msgspec.to_builtins(decision)}
