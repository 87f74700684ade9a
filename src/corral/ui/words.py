"""What the page says, in whole sentences: about the model, about answers, about errors. Pure."""

from __future__ import annotations

from pathlib import PurePath

from corral.core.errors import (
    ContextExceededError,
    CorralError,
    EngineCrashedError,
    InvalidRequestError,
    ModelLoadError,
    NotFoundError,
    NotSupportedError,
    QueueFullError,
    QuotaExceededError,
    SettingsError,
    UnavailableError,
)
from corral.core.messages import ModelFacts
from corral.core.outcome import SequenceEnd

STOPPED = "Stopped."
CUT = "Cut: the limit of tokens was reached."
ABORTED = "The server is stopping, so the answer ends here."
DEMONSTRATION = (
    "This is the tiny demonstration model that comes with Corral: it shows that everything works, and knows "
    "little. Serve a real model with"
)
DEMONSTRATION_COMMAND = "corral serve -m model.gguf"
FAULT = "Something went wrong in the server. Its log says what."


def short_name(name: str) -> str:
    """Return the model's name for a narrow header: of a path only the file's name."""
    return PurePath(name).name or name


def about(facts: ModelFacts) -> str:
    """Return the model's facts in a few words."""
    slots = "1 slot" if facts.n_slots == 1 else f"{facts.n_slots} slots"
    return f"{facts.n_ctx:,} tokens of context · {slots}"


def speed(end: SequenceEnd) -> str:
    """Return how much was answered, and how fast."""
    if not end.n_predicted:
        return "No answer."
    count = "1 token" if end.n_predicted == 1 else f"{end.n_predicted:,} tokens"
    if end.n_predicted == 1 or end.predicted_ms <= 0:
        return count
    per_s = (end.n_predicted - 1) * 1000 / end.predicted_ms  # the first token belongs to the prompt's time
    return f"{count} · {per_s:,.{0 if per_s >= 100 else 1}f} per second"


def polite(error: CorralError) -> str:
    """Return what to tell someone who only wanted an answer."""
    match error:
        case QueueFullError():
            said = "Many others are waiting for this model just now. Please try again in a moment."
        case EngineCrashedError():
            said = "The model stopped while it answered, and is being restarted. Please ask again."
        case UnavailableError():
            said = f"The model cannot be reached just now ({error.message}). Please try again in a moment."
        case ContextExceededError():
            said = "This chat no longer fits into the model's context. Start a new one, or ask for less."
        case NotFoundError() | NotSupportedError() | ModelLoadError() | SettingsError():
            said = f"The model cannot be used: {error.message}"
        case InvalidRequestError():
            said = f"The server refused this: {error.message}"
        case QuotaExceededError():
            said = error.message
        case _:
            said = FAULT
    return said
