"""What is known of a declared model at one moment, for whoever shows it."""

from __future__ import annotations

import enum

import msgspec

from corral.core.memory import Memory


class ModelState(enum.Enum):
    """Where a model is between its file and its requests."""

    UNLOADED = "unloaded"  # a request loads it
    DOWNLOADING = "downloading"  # `progress` is the part that is here
    WAITING = "waiting"  # wanted, and no memory or worker is free for it yet
    LOADING = "loading"  # `progress` is the part that is in memory
    READY = "ready"
    UNLOADING = "unloading"
    RESTARTING = "restarting"  # its engine crashed and comes back
    FAILED = "failed"  # the last load did not succeed; the next request tries again
    QUARANTINED = "quarantined"  # it failed too often; only an administrator's load tries again
    UNUSABLE = "unusable"  # something is missing; `reason` says what
    REMOTE = "remote"  # another server runs it


class ModelView(msgspec.Struct, frozen=True, kw_only=True):
    """One model. `need` is the estimate before the first load, then what it was seen to take.

    `format`: gguf, gptq, safetensors, ggml, remote, or download for one that is not here yet. `path` is None
    unless it is on this machine, and what its header says is unknown (empty, 0 or None) without one. `n_open`
    counts the requests that hold it, `expires_in_s` the seconds until an idle model is unloaded.
    """

    name: str
    state: ModelState
    aliases: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    reason: str = ""
    progress: float | None = None
    format: str = "gguf"
    path: str | None = None
    origin: str = ""
    architecture: str = ""
    quantization: str = ""
    n_bytes: int = 0
    n_params: int = 0
    n_ctx_train: int = 0
    has_chat_template: bool = False
    need: Memory = Memory()
    rss_bytes: int | None = None
    n_open: int = 0
    load_s: float | None = None
    ttl_s: float | None = None
    expires_in_s: float | None = None
    is_pinned: bool = False
    is_default: bool = False
    pid: int | None = None


class ModelEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A model moved to `state`, or came further in it. `n` counts the events of a server."""

    n: int
    model: str
    state: ModelState
    progress: float | None = None
    reason: str = ""
