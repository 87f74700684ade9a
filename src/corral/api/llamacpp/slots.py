"""One slot as GET /slots shows it."""

from __future__ import annotations

from typing import Any

from corral.api.generation.settings_echo import generation_settings
from corral.core.outcome import FinishReason
from corral.core.request import GenerationRequest, Piece
from corral.gateway.slots import SlotView


def slot_object(view: SlotView, model: str, idle: GenerationRequest) -> dict[str, Any]:
    """Return a slot's settings and progress; one that never ran shows the settings of `idle`."""
    request = view.request or idle
    seed = view.start.seed if view.start else None
    settings = generation_settings(request, model=model, n_ctx=view.n_ctx, seed=seed)
    task = request.request_id or -1
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
        "params": settings,
        "next_token": _next_token(view, request),
    }


def _prompt_text(request: GenerationRequest) -> str | list[Piece]:
    """Return the prompt as it was asked: text, or the pieces it was given in."""
    if all(isinstance(piece, str) for piece in request.prompt):
        return "".join(str(piece) for piece in request.prompt)
    return request.prompt


def _prompt_counts(view: SlotView) -> dict[str, int]:
    n_prompt = view.start.n_prompt_tokens if view.start else 0
    n_cached = view.start.n_cached if view.start else 0
    return {
        "n_prompt_tokens": n_prompt,
        "n_prompt_tokens_processed": n_prompt - n_cached,
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
