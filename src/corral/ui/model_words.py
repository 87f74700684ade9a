"""What the page says of models: where they are, how large, why one cannot answer. Pure."""

from __future__ import annotations

from corral.api.at_model import RUNNING
from corral.core.model_view import ModelEvent, ModelState, ModelView

NO_MODEL = "No model"
REMOTE = "Run by another server. This page cannot ask it, the API can."
VECTORS = "Makes vectors, and no answers."
NOT_AUTOLOADED = "Not loaded, and messages load no models on this server."
NEEDS_ADMIN_KEY = (
    "With an admin key models are loaded, unloaded and pinned here: one given with --admin-key, or the one "
    "that the server wrote when it started."
)
NOTHING_LOADED = "No model is in memory. The first message to one loads it."

_STATES = {
    ModelState.UNLOADED: "Not loaded",
    ModelState.DOWNLOADING: "Downloading",
    ModelState.WAITING: "Waits for room",
    ModelState.LOADING: "Loading",
    ModelState.READY: "Ready",
    ModelState.UNLOADING: "Unloading",
    ModelState.RESTARTING: "Restarting",
    ModelState.FAILED: "Could not be loaded",
    ModelState.QUARANTINED: "Failed too often, and is not tried again",
    ModelState.UNUSABLE: "Cannot be used",
    ModelState.REMOTE: REMOTE,
}
_WITH_REASON = frozenset({ModelState.FAILED, ModelState.QUARANTINED, ModelState.UNUSABLE})
_SIZES = (("GB", 1e9), ("MB", 1e6), ("kB", 1e3))
_TIMES = (("h", 3600), ("min", 60))


def state(view: ModelView) -> str:
    """Return where the model is, with the part that is done, or what is wrong."""
    said = _STATES[view.state]
    if view.progress is not None:
        return f"{said} {view.progress:.0%}"
    reason = "; ".join(view.reason.splitlines())
    return f"{said}: {reason}" if view.state in _WITH_REASON and reason else said


def caption(view: ModelView) -> str:
    """Return what helps to choose: its state, size and quantization."""
    said = [state(view), size(view.n_bytes) if view.n_bytes else "", view.quantization]
    said.append("default" if view.is_default else "")
    return " · ".join(filter(None, said))


def about_unloaded(view: ModelView) -> str:
    """Return a line about a model that has no engine now."""
    if view.state is not ModelState.UNLOADED:
        return state(view)
    context = f"up to {view.n_ctx_train:,} tokens of context · " if view.n_ctx_train else ""
    return f"{context}loaded by the first message"


def trouble(view: ModelView, *, purpose: str, is_autoloaded: bool) -> str:
    """Return why the model cannot answer a chat, "" if it can, or if only trying tells."""
    if view.state in (ModelState.UNUSABLE, ModelState.QUARANTINED, ModelState.REMOTE):
        return state(view)
    if purpose != "generate":
        return VECTORS
    return "" if is_autoloaded or view.state in RUNNING else NOT_AUTOLOADED


def waiting(name: str, now: ModelView | ModelEvent) -> str:
    """Return what an answer of the model waits for, "" when only for its first token."""
    part = "" if now.progress is None else f" {now.progress:.0%}"
    match now.state:
        case ModelState.READY | ModelState.REMOTE:
            return ""
        case ModelState.DOWNLOADING:
            return f"Downloading {name} …{part}"
        case ModelState.WAITING:
            return _sentence(now.reason) or "Waits for room"
        case ModelState.UNLOADING:
            return f"Waits until {name} is unloaded, to load it anew"
        case ModelState.RESTARTING:
            return f"Restarting {name} …"
        case _:
            return f"Loading {name} …{part}"


def resident(view: ModelView) -> str:
    """Return a line about a model in memory: its state, memory, requests, and how long it stays."""
    said = [state(view), _memory(view), _use(view), _stay(view)]
    return " · ".join(filter(None, said))


def gone(name: str) -> str:
    """Return that a model which was chosen is not there."""
    return f"The model {name} is no longer here. The default model answers."


def not_now(name: str, why: str) -> str:
    """Return that a model which was chosen cannot answer."""
    return f"The model {name} cannot answer now, so the default model does. ({why})"


def size(n_bytes: int) -> str:
    """Return an amount of bytes in three digits or so."""
    unit, scale = next(((unit, scale) for unit, scale in _SIZES if n_bytes >= scale), ("B", 1))
    number = n_bytes / scale
    return f"{number:.1f} {unit}" if scale > 1 and number < 10 else f"{number:.0f} {unit}"


def _memory(view: ModelView) -> str:
    if view.rss_bytes:
        return f"{size(view.rss_bytes)} of memory"
    return f"needs {size(view.need.host_bytes)}" if view.need.host_bytes else ""


def _use(view: ModelView) -> str:
    if view.state is not ModelState.READY:
        return ""
    if not view.n_open:
        return "idle"
    return "1 request" if view.n_open == 1 else f"{view.n_open} requests"


def _stay(view: ModelView) -> str:
    if view.is_pinned:
        return "pinned"
    return f"goes in {_duration(view.expires_in_s)}" if view.expires_in_s is not None else ""


def _duration(seconds: float) -> str:
    unit, scale = next(((unit, scale) for unit, scale in _TIMES if seconds >= scale), ("s", 1))
    return f"{seconds / scale:.0f} {unit}"


def _sentence(reason: str) -> str:
    return reason[:1].upper() + reason[1:]
