"""What ends every OpenAI stream."""

from __future__ import annotations

from typing import Any

from corral.api.generation import timings
from corral.api.generation.answer import Answer
from corral.api.generation.usage import usage
from corral.api.sse import DONE, frame


def closing(answers: list[Answer], tail: dict[str, Any], *, has_usage_chunk: bool) -> bytes:
    """Return the chunk of the usage, when all sequences ended and it was asked for, and [DONE].

    The timings in it are the first sequence's, as in the whole answer. `tail` is what all chunks share.
    """
    is_whole = bool(answers) and all(answer.end is not None for answer in answers)
    if is_whole and has_usage_chunk:
        times = timings.of(answers[0].closed())
        return frame({"choices": [], **tail, "usage": usage(answers), "timings": times}) + DONE
    return DONE
