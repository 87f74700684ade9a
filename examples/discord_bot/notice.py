"""What the bot itself says, in place of the character."""

from __future__ import annotations

from .server import BusyServerError, ChatError, RefusedError, ServerDownError, SlowServerError
from .turnstile import FullLineError

# Notices begin with it, so that they are known in a chain, after a restart too, and stay out of the prompt.
NOTICE_MARK = "ℹ️"  # noqa: RUF001 (the sign itself)

NUDGE = f"{NOTICE_MARK} Yes? Write me something in the same message."
SPEECHLESS = f"{NOTICE_MARK} I have nothing to say to that. Please try it in other words."

_REASONS: dict[type[Exception], str] = {
    FullLineError: "too many people are asking me at once. Please try again in a moment.",
    BusyServerError: "my server is busy. Please try again in a moment.",
    ServerDownError: "I cannot reach my server at the moment. Please try again later.",
    SlowServerError: "that took me too long, so I gave up. Please try again, or ask for something shorter.",
    RefusedError: "my server did not accept that. Whoever runs me finds the reason in my log.",
}


def is_notice(text: str) -> bool:
    """Say whether the bot's message `text` is a notice."""
    return text.startswith(NOTICE_MARK)


def notice_of(error: ChatError | FullLineError) -> str:
    """Return what to tell a user who got no answer; what went wrong in detail is for the log."""
    return f"{NOTICE_MARK} Sorry, {_reason(error)}"


def _reason(error: ChatError | FullLineError) -> str:
    if isinstance(error, BusyServerError) and error.retry_after_s is not None:
        seconds = "1 second" if error.retry_after_s == 1 else f"{error.retry_after_s} seconds"
        return f"my server is busy. Please try again in {seconds}."
    return _REASONS.get(type(error), "something went wrong on my server. Please try again later.")
