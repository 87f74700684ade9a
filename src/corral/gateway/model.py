"""One declared model as the gateway runs it: its worker, if it has one, and who wants it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from corral.core.errors import NotFoundError, NotSupportedError, UnavailableError
from corral.core.memory import Memory
from corral.core.model_view import ModelState
from corral.gateway.door import Door
from corral.gateway.lifecycle import FINAL, State
from corral.gateway.placement import Resident
from corral.gateway.pulse import Pulse
from corral.gateway.quarantine import LoadFailures

if TYPE_CHECKING:
    from corral.catalog.entry import ModelEntry
    from corral.gateway.boarding import Boarding
    from corral.gateway.callers import Callers
    from corral.gateway.machine import Machine
    from corral.gateway.recording import Recorder
    from corral.gateway.worker import Worker

_STATES = {
    State.UNLOADED: ModelState.LOADING,
    State.STARTING: ModelState.LOADING,
    State.READY: ModelState.READY,
    State.DRAINING: ModelState.UNLOADING,
    State.CRASHED: ModelState.RESTARTING,
    State.BACKOFF: ModelState.RESTARTING,
}


class Model:
    """What is known of a model from its declaration to its process. Only the residency changes it.

    `key` is the name, and for another `purpose` than the declared one that too: such a model has a process of
    its own. `boarding` is the load under way. A request is interested from its beginning, and active once the
    model is there for it, since `opened_s`. `closed_for` says for what it takes no more requests until those
    that it has have ended, None while it takes them; `is_leaving`: its process is about to end. `loaded` is
    the declaration that its last process was given, `changed_s` when it got another, or none.
    """

    def __init__(  # noqa: PLR0913 - what the router hands over, once
        self,
        key: str,
        entry: ModelEntry,
        purpose: str | None,
        *,
        machine: Machine,
        recorder: Recorder | None,
        callers: Callers,
    ) -> None:
        self.key = key
        self.entry = entry
        self.purpose = purpose
        self._machine = machine
        self.worker: Worker | None = None
        self.door = Door(
            entry.name,
            lambda: self.worker,
            max_queue=self.max_queue,
            recorder=recorder,
            callers=callers,
        )
        self.moved = Pulse()
        self.boarding: Boarding | None = None
        self.failures = LoadFailures()
        self.n_interested = 0
        self.n_active = 0
        self.opened_s = 0.0
        self.used_s = 0.0
        self.changed_s = 0.0
        self.keep_alive_s: float | None = None
        self.load_s: float | None = None
        self.is_pinned = entry.definition.settings.stay.is_pinned
        self.is_declared = True
        self.closed_for: str | None = None
        self.is_leaving = False
        self.loaded: ModelEntry | None = None
        self.need = Memory()
        self.seen_bytes = 0
        self.n_reclaimable_bytes = 0

    @property
    def max_queue(self) -> int:
        """How many requests may wait for it."""
        return self.entry.definition.settings.engine.max_queue

    @property
    def is_remote(self) -> bool:
        """Whether another server runs it."""
        return self.entry.definition.settings.remote.base_url is not None

    @property
    def has_process(self) -> bool:
        """Whether it takes memory, or is about to."""
        return self.worker is not None and self.worker.state not in FINAL

    @property
    def is_open(self) -> bool:
        """Whether requests may enter: it was ready, is meant to be, and is in nobody's way."""
        worker = self.worker
        return (
            worker is not None
            and worker.facts is not None
            and worker.state not in FINAL
            and worker.state is not State.DRAINING
            and self.closed_for is None
            and not self.is_leaving
        )

    @property
    def is_busy(self) -> bool:
        """Whether somebody has it, or will as soon as it is there."""
        return self.n_active > 0 or (self.n_interested > 0 and self.closed_for is None)

    @property
    def is_at_rest(self) -> bool:
        """Whether nothing goes on with it."""
        return not (self.n_interested or self.boarding is not None or self.has_process)

    @property
    def is_stale(self) -> bool:
        """Whether its process runs what is not declared any more."""
        if self.loaded is None or not self.has_process:
            return False
        if self.is_declared and self.loaded is self.entry:
            return False
        return not self.is_declared or _differ(self.loaded, self.entry)

    @property
    def ttl_s(self) -> float | None:
        """How long it stays when idle, None: until its memory is needed."""
        if self.keep_alive_s is not None:
            return None if self.keep_alive_s < 0 else self.keep_alive_s
        return self.entry.definition.settings.stay.ttl_s

    @property
    def state(self) -> ModelState:
        """Where it is now."""
        worker = self.worker
        if worker is not None and worker.state not in FINAL:
            if self.is_leaving:
                return ModelState.UNLOADING
            is_back = worker.facts is not None and worker.state is State.STARTING
            return ModelState.RESTARTING if is_back else _STATES[worker.state]
        if self.boarding is not None and self.boarding.stage is not None:
            return self.boarding.stage
        return self._state_at_rest()

    @property
    def progress(self) -> float | None:
        """The part that is done of a load or a download, None for other states."""
        state = self.state
        if state is ModelState.LOADING and self.worker is not None and self.has_process:
            return self.worker.progress
        return self.boarding.progress if self.boarding and state is ModelState.DOWNLOADING else None

    @property
    def reason(self) -> str:
        """Why it is not loaded, or not yet, or not for long; empty where there is nothing to say."""
        if self.entry.problem is not None:
            return self.entry.problem
        if self.closed_for is not None:
            return f"makes way for {self.closed_for}"
        return self.boarding.reason if self.boarding is not None else self.failures.reason

    def _state_at_rest(self) -> ModelState:
        if self.is_remote:
            return ModelState.REMOTE
        if self.entry.problem is not None:
            return ModelState.UNUSABLE
        if self.failures.is_quarantined:
            return ModelState.QUARANTINED
        return ModelState.FAILED if self.failures.reason else ModelState.UNLOADED

    def follow(self, entry: ModelEntry | None, now_s: float) -> None:
        """Take another declaration of the same model, None: there is none any more.

        What happened to another file is forgotten.
        """
        self.is_declared = entry is not None
        self.changed_s = now_s
        if entry is None:
            return
        if entry.definition.settings.stay != self.entry.definition.settings.stay:
            self.is_pinned = entry.definition.settings.stay.is_pinned
        if self.loaded is not None and self.loaded.path is None and _told(self.loaded) == _told(entry):
            self.loaded = entry  # its files are here now because this very load fetched them
        elif _differ(entry, self.entry):
            self.failures.forget()
            self.seen_bytes = 0
        self.entry = entry
        self.door.max_queue = self.max_queue

    def forget_failures(self) -> None:
        """Try again what failed: the model in quarantine, and requests that ran at crashes."""
        self.failures.forget()
        if self.worker is not None:
            self.worker.history.suspects.forget()

    def check_loadable(self) -> None:
        """Raise CorralError when a request cannot load it."""
        name, entry = self.entry.name, self.entry
        if not self.is_declared:
            raise NotFoundError(f"The model '{name}' is not declared any more")
        if self.is_remote:
            raise NotSupportedError(
                f"The model '{name}' is run by another server, which is asked for OpenAI's routes only"
            )
        if entry.problem is not None:
            raise UnavailableError(f"The model '{name}' cannot be loaded: {entry.problem}")
        self.failures.check(name)

    def as_resident(self) -> Resident:
        """Return what placement needs to know of it."""
        worker = self.worker
        is_draining = worker is not None and worker.state is State.DRAINING
        return Resident(
            name=self.key,
            need=self.need,
            is_busy=self.is_busy,
            is_pinned=self.is_pinned,
            is_leaving=self.is_leaving or is_draining,
            used_s=self.used_s,
        )

    def needed(self) -> Memory:
        """Return what it takes, or would take."""
        if self.has_process:
            return self.need
        memory, has_device = self._machine.memory, self._machine.has_device
        return self.entry.need(machine_bytes=memory.host_bytes, has_device=has_device)

    def expires_in_s(self, now_s: float) -> float | None:
        """Return the seconds until it is unloaded if nobody comes, None if it stays."""
        ttl_s = self.ttl_s
        if ttl_s is None or self.is_pinned or self.n_interested or not self.has_process:
            return None
        return max(0.0, self.used_s + ttl_s - now_s)


def _differ(one: ModelEntry, other: ModelEntry) -> bool:
    """Tell whether an engine would be told something else, or get other files."""
    return _told(one) != _told(other) or _files(one) != _files(other)


def _told(entry: ModelEntry) -> tuple[object, ...]:
    settings = entry.definition.settings
    return settings.engine, msgspec.structs.replace(settings.model, aliases=(), tags=())


def _files(entry: ModelEntry) -> tuple[object, ...]:
    return entry.path, entry.projector, entry.n_bytes, entry.modified_ns
