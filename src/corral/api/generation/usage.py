"""Token counts as OpenAI's clients read them."""

from __future__ import annotations

import msgspec

from corral.api.generation.answer import Answer


class PromptDetails(msgspec.Struct, frozen=True):
    """How many prompt tokens needed no evaluation."""

    cached_tokens: int


class Usage(msgspec.Struct, frozen=True):
    """Tokens of a whole reply; a prompt counts once however many answers it got."""

    completion_tokens: int
    prompt_tokens: int
    total_tokens: int
    prompt_tokens_details: PromptDetails


def usage(answers: list[Answer]) -> Usage:
    """Return the usage of those of `answers` that have ended."""
    ends = [(answer.ask.request.request_id, answer.end) for answer in answers if answer.end is not None]
    n_completion = sum(end.n_predicted for _, end in ends)
    by_prompt = dict(reversed(ends))
    n_prompt = sum(end.n_prompt_tokens for end in by_prompt.values())
    n_cached = sum(end.n_cached for end in by_prompt.values())
    return Usage(n_completion, n_prompt, n_completion + n_prompt, PromptDetails(n_cached))
