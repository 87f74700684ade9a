"""The answer object of llama-server, which `/v1/completions` sends beside OpenAI's keys too."""

from __future__ import annotations

from typing import Any

import msgspec

from corral.api.generation import probabilities, timings
from corral.api.generation.answer import Answer
from corral.api.generation.fields import GenerationFields
from corral.api.generation.probabilities import ProbsShape
from corral.api.generation.settings_echo import generation_settings
from corral.core.messages import ModelFacts
from corral.core.outcome import FinishReason

_STOP_TYPES = {FinishReason.EOS: "eos", FinishReason.STOP: "word", FinishReason.LENGTH: "limit"}


class Showing(msgspec.Struct, frozen=True, kw_only=True):
    """What the answers to one body show, and the names that they carry."""

    model: str
    facts: ModelFacts
    probs: ProbsShape | None = None
    is_stream: bool = False
    has_tokens: bool = False
    has_timings_per_token: bool = False
    response_fields: tuple[str, ...] = ()


def showing(
    fields: GenerationFields, *, model: str, facts: ModelFacts, probs: ProbsShape | None = None
) -> Showing:
    """Return what `fields` want to see."""
    return Showing(
        model=model,
        facts=facts,
        probs=probs,
        is_stream=bool(fields.stream),
        has_tokens=bool(fields.return_tokens),
        has_timings_per_token=bool(fields.timings_per_token),
        response_fields=tuple(fields.response_fields or ()),
    )


def answer_object(answer: Answer, show: Showing) -> dict[str, Any]:
    """Return the whole answer. In a stream it is the last event: its text has been sent already."""
    end = answer.closed()
    text = answer.text
    full: dict[str, Any] = {
        "content": "" if show.is_stream else text,
        "id_slot": end.slot,
        "stop": True,
        "model": show.model,
        "tokens_predicted": end.n_predicted,
        "tokens_evaluated": end.n_prompt_tokens,
        "generation_settings": generation_settings(
            answer.ask.request,
            model=show.model,
            facts=show.facts,
            seed=end.seed,
            is_stream=show.is_stream,
        ),
        "prompt": answer.ask.supplied,
        "truncated": _is_truncated(answer),
        "stopped_eos": end.reason is FinishReason.EOS,
        "stopped_word": end.reason is FinishReason.STOP,
        "stopped_limit": end.reason is FinishReason.LENGTH,
        "stopping_word": end.stop_text,
        "tokens_cached": end.n_past,
        "timings": timings.of(end),
        "index": answer.index,
        "tokens": answer.tokens if show.has_tokens and not show.is_stream else [],
        "has_new_line": "\n" in text,
        "stop_type": _STOP_TYPES.get(end.reason, "none"),
    }
    if show.probs is not None:
        full["completion_probabilities"] = probabilities.items(probabilities.kept(answer), show.probs)
    return selected(full, show.response_fields)


def selected(full: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """Return only the named keys, all if none is named; "a/b" takes b out of a, under the key "a/b"."""
    if not names:
        return full
    plain = msgspec.to_builtins({**full})
    found = ((name, _nested(plain, name.split("/"))) for name in names)
    return {name: value for name, value in found if value is not _MISSING}


_MISSING = object()


def _nested(value: Any, path: list[str]) -> Any:  # noqa: ANN401 - any JSON
    for name in path:
        if not isinstance(value, dict) or name not in value:
            return _MISSING
        value = value[name]
    return value


def _is_truncated(answer: Answer) -> bool:
    is_cut = answer.start is not None and answer.start.is_truncated
    return is_cut or answer.closed().is_truncated
