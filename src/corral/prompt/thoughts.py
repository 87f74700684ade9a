"""How long the model may think, said in its prompt or to the engine."""

from __future__ import annotations

from corral.core.request import Thinking
from corral.prompt.reasoning import ThinkTags, is_open


def without_thoughts(text: str, tags: ThinkTags, message: str = "") -> str:
    """Return a prompt in which the thinking is over: ended where it was begun, else begun and ended.

    `message` stands before the end.
    """
    if text.rstrip().endswith(tags.end):
        return text
    opened = text if is_open(text, tags) else text + tags.begin
    gap = "" if opened.endswith("\n") else "\n"
    return f"{opened}{gap}{message}\n{tags.end}\n\n"


def limited(text: str, tags: ThinkTags, budget: int | None, message: str) -> Thinking | None:
    """Return what the engine is to watch after the prompt `text`, None for thoughts without a bound."""
    if budget is None or budget <= 0:
        return None
    closing = f"\n{message}\n{tags.end}\n\n" if message else f"\n{tags.end}\n\n"
    return Thinking(
        n_tokens=budget, begin=tags.begin, end=tags.end, closing=closing, is_open=is_open(text, tags)
    )
