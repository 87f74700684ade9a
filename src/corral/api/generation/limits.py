"""When a generation ends, from the wire: token limit, stop strings, number of sequences, slot. Pure."""

from __future__ import annotations

from corral.api.generation.fields import GenerationFields
from corral.api.generation.numbers import INT32_MAX, clamped, whole
from corral.core.errors import InvalidRequestError

UNTIL_FULL = -2
MAX_STOPS = 256


def n_predict(fields: GenerationFields, server_default: int) -> int:
    """Return llama.cpp's n_predict: -1 no limit, -2 until the context is full, else the limit.

    `n_predict` wins over its OpenAI names. A server default above 0 caps what a request asks for. Raises
    InvalidRequestError below -2.
    """
    asked = _asked(fields)
    if asked is None:
        return server_default
    if server_default > 0:
        return server_default if asked < 0 else min(asked, server_default)
    return asked


def _asked(fields: GenerationFields) -> int | None:
    for name in ("n_predict", "max_tokens", "max_completion_tokens"):
        value = getattr(fields, name)
        if value is None:
            continue
        limit = whole(name, value)
        if limit < UNTIL_FULL:
            raise InvalidRequestError(f"Field '{name}': must be -2 or greater, got {limit}")
        return min(limit, INT32_MAX)
    return None


def stops(fields: GenerationFields) -> tuple[str, ...]:
    """Return the stop strings, without empty ones. Raises InvalidRequestError for too many."""
    given = [fields.stop] if isinstance(fields.stop, str) else fields.stop or []
    if len(given) > MAX_STOPS:
        raise InvalidRequestError(f"Field 'stop': at most {MAX_STOPS} strings are served")
    return tuple(text for text in given if text)


def n_sequences(fields: GenerationFields, n_slots: int) -> int:
    """Return how many answers are wanted. Raises InvalidRequestError beyond the number of slots."""
    asked = fields.n_cmpl if fields.n is None else fields.n
    if asked is None:
        return 1
    n = whole("n", asked)
    if not 1 <= n <= n_slots:
        raise InvalidRequestError(f"Field 'n': must be between 1 and the number of slots, {n_slots}; got {n}")
    return n


def slot(fields: GenerationFields, n_slots: int) -> int | None:
    """Return the slot that the request is pinned to, None for any. Raises InvalidRequestError."""
    if fields.id_slot is None or fields.id_slot == -1:
        return None
    number = whole("id_slot", fields.id_slot)
    if not 0 <= number < n_slots:
        raise InvalidRequestError("Invalid slot ID")
    return number


def n_keep(fields: GenerationFields, default: int) -> int | None:
    """Return how many prompt tokens a context shift keeps, None for all."""
    kept = default if fields.n_keep is None else clamped("n_keep", fields.n_keep, -1)
    return None if kept < 0 else kept
