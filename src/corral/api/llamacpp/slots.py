"""One slot as GET /slots shows it."""

from __future__ import annotations

from typing import Any

from corral.api.generation.settings_echo import generation_settings
from corral.core.messages import ModelFacts
from corral.core.outcome import FinishReason
from corral.core.request import GenerationRequest, Media, TextPiece
from corral.gateway.slots import SlotView
from corral.prompt.gallery import SHOWN_MARK


def own_view(view: SlotView, caller: str) -> SlotView:
    """Return what `caller` may know of a slot: of one that ran a request of another, whether it is busy."""
    if view.request is None or view.request.caller == caller:
        return view
    return SlotView(id=view.id, n_ctx=view.n_ctx, is_processing=view.is_processing)


def slot_object(view: SlotView, model: str, facts: ModelFacts, idle: GenerationRequest) -> dict[str, Any]:
    """Return a slot's settings and progress.

    One that never ran shows the settings of `idle` and none of what today's llama-server tells of a task.
    """
    request = view.request or idle
    seed = view.start.seed if view.start else None
    settings = generation_settings(
        request, model=model, facts=facts, seed=seed, is_stream=request.is_streamed
    )
    task = -1 if view.task is None else view.task
    ran = {} if view.request is None else {"params": settings}
    return {
        **settings,
        "id": view.id,
        "id_task": task,
        "task_id": task,
        "state": int(view.is_processing),
        "is_processing": view.is_processing,
        "speculative": False,
        "prompt": _prompt_text(request),
        **_prompt_counts(view),
        **ran,
        "next_token": _next_token(view, request),
    }


def _prompt_text(request: GenerationRequest) -> str | list[TextPiece]:
    """Return the prompt as it was asked: text, or the pieces it was given in; a mark for each image."""
    pieces = [SHOWN_MARK if isinstance(piece, Media) else piece for piece in request.prompt]
    if all(isinstance(piece, str) for piece in pieces):
        return "".join(str(piece) for piece in pieces)
    return pieces


def _prompt_counts(view: SlotView) -> dict[str, int]:
    counts = {} if view.n_tokens is None else {"n_prompt_tokens": view.n_tokens}
    if view.start is None:
        return counts
    n_cached = view.start.n_cached
    return {
        **counts,
        "n_prompt_tokens_processed": view.start.n_prompt_tokens - n_cached,
        "n_prompt_tokens_cache": n_cached,
    }


def _next_token(view: SlotView, request: GenerationRequest) -> dict[str, Any]:
    reason = view.end.reason if view.end else None
    return {
        "has_next_token": view.is_processing,
        "n_remain": -1 if request.max_tokens is None else max(0, request.max_tokens - view.n_decoded),
        "n_decoded": view.n_decoded,
        "stopped_eos": reason is FinishReason.EOS,
        "stopped_limit": reason is FinishReason.LENGTH,
        "stopped_word": reason is FinishReason.STOP,
        "stopping_word": view.end.stop_text if view.end else "",
    }
