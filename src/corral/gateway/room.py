"""The memory that models share: who has a part of it, who waits for one, who goes for whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from corral.core import log
from corral.core.errors import UnavailableError
from corral.core.memory import Memory
from corral.gateway.placement import Decision, Resident, Verdict, place, queued

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from corral.core.clock import Clock
    from corral.gateway.boarding import Boarding
    from corral.gateway.model import Model
    from corral.gateway.placement import Limits
    from corral.gateway.supervisor import Supervisor

# How long a model waits before another in use is closed for it: time to answer a batch between two swaps.
CLOSE_AFTER_S = 2.0
# When to ask again for a model that pinned ones leave no room for.
RETRY_PINNED_S = 30

# What a model that is closed says to anybody, who may not know of the other.
_ANOTHER = "another model"

_log = log.get("gateway")


class Bounds(NamedTuple):
    """What all models together may take, and how long requests wait for room for one."""

    limits: Limits
    load_wait_s: float
    close_after_s: float = CLOSE_AFTER_S


class Room:
    """Owner of the processes' places. Decides by `placement`, acts through the supervisor, waits for nothing.

    `models` are those that have a process, by their keys, `queue` the loads that want room, in their order.
    `changed` is told of each model that is in another state, and must not come back here.
    """

    def __init__(
        self, supervisor: Supervisor, bounds: Bounds, clock: Clock, *, changed: Callable[[Model], None]
    ) -> None:
        self.models: dict[str, Model] = {}
        self.queue: list[Boarding] = []
        self._supervisor = supervisor
        self._bounds = bounds
        self._clock = clock
        self._changed = changed

    def want(self, boarding: Boarding) -> None:
        """Put a load into the queue; it may start at once."""
        boarding.since_s = self._clock.now_s()
        boarding.need = self._corrected(boarding)
        self.queue.append(boarding)
        self.place()

    def withdraw(self, boarding: Boarding) -> None:
        """Take a load out of the queue, if it is there. `place` should follow."""
        if boarding in self.queue:
            self.queue.remove(boarding)

    def place(self) -> None:
        """Give room to those in the queue, in their order; what one is promised is kept for it."""
        residents = [model.as_resident() for model in self.models.values()]
        closed_for = self._outdated()
        for boarding in list(self.queue):
            decision = place(boarding.need, residents, self._bounds.limits)
            self._act(boarding, decision)
            if self._is_urgent(boarding):
                closed_for |= dict.fromkeys(filter(self._has_had_its_turn, decision.closed), _ANOTHER)
            residents = queued(residents, _as_wanted(boarding), decision)
        self._close(closed_for)

    def decide(self, model: Model, need: Memory) -> Decision:
        """Return what loading `model` would do now. Changes nothing."""
        if model.has_process and not model.is_leaving:
            return Decision(verdict=Verdict.START, need=need, reason="it is in memory")
        others = [one.as_resident() for one in self.models.values() if one is not model]
        return place(need, others, self._bounds.limits)

    def let_go(self, model: Model) -> None:
        """Unload the model if nobody has it and its time is over, or its declaration is another by now."""
        if model.is_busy or model.is_leaving or not model.has_process:
            return
        if model.is_stale:
            self._evict(model, "its declaration changed")
        elif model.expires_in_s(self._clock.now_s()) == 0.0:
            self._evict(model, "idle")

    def measure(self, model: Model) -> None:
        """Correct the estimate by what the process was seen to take."""
        assert model.worker is not None
        seen_bytes = model.worker.process.heartbeat.rss_bytes - model.n_reclaimable_bytes
        model.seen_bytes = max(model.seen_bytes, seen_bytes)
        if seen_bytes > model.need.host_bytes:
            model.need = Memory(seen_bytes, model.need.device_bytes)

    def vacate(self, model: Model) -> None:
        """Note that the model's process is gone. `place` should follow."""
        model.is_leaving, model.closed_for = False, None
        self.models.pop(model.key, None)

    def _act(self, boarding: Boarding, decision: Decision) -> None:
        match decision.verdict:
            case Verdict.START:
                self._start(boarding)
            case Verdict.WAIT:
                boarding.reason = decision.reason
                for key in decision.evicted:
                    self._evict(self.models[key], f"for {boarding.model.key}")
            case Verdict.REFUSE:
                self.queue.remove(boarding)
                _log.warning("model.refused", model=boarding.model.key, reason=decision.reason)
                boarding.refuse(self._refusal(boarding, decision))
        self._changed(boarding.model)

    def _start(self, boarding: Boarding) -> None:
        model = boarding.model
        assert boarding.load is not None
        assert not model.has_process, f"{model.key} is loaded"
        self.queue.remove(boarding)
        model.need, model.n_reclaimable_bytes = boarding.need, boarding.n_reclaimable_bytes
        model.loaded = boarding.entry
        model.worker = self._supervisor.launch(model.key, boarding.load)
        self.models[model.key] = model
        boarding.start(model.worker, self._clock.now_s())

    def _refusal(self, boarding: Boarding, decision: Decision) -> UnavailableError:
        message = f"The model '{boarding.model.entry.name}' cannot be loaded now: {decision.reason}"
        alone = place(boarding.need, [], self._bounds.limits)
        if alone.verdict is Verdict.REFUSE:  # nothing that others do makes room
            return UnavailableError(message)
        return UnavailableError(message, retry_after_s=RETRY_PINNED_S)

    def _evict(self, model: Model, why: str) -> None:
        if model.is_leaving:
            return
        model.is_leaving = True
        _log.info("model.evicted", model=model.key, why=why)
        self._supervisor.begin_unload(model.key, within_s=0.0)
        self._changed(model)

    def _is_urgent(self, boarding: Boarding) -> bool:
        return self._clock.now_s() - boarding.since_s >= self._bounds.close_after_s

    def _has_had_its_turn(self, key: str) -> bool:
        """Tell whether those who waited for the model had time to enter: else two would chase each other."""
        model = self.models[key]
        return model.boarding is None and self._clock.now_s() - model.opened_s >= self._bounds.close_after_s

    def _outdated(self) -> dict[str, str]:
        """Return the models that run what is not declared any more, and that never become idle by chance."""
        latest_s = self._clock.now_s() - self._bounds.close_after_s
        old = [key for key, model in self.models.items() if model.changed_s <= latest_s and model.is_stale]
        return dict.fromkeys(filter(self._has_had_its_turn, old), "its new declaration")

    def _close(self, closed_for: Mapping[str, str]) -> None:
        for key, model in self.models.items():
            whom = closed_for.get(key)
            if model.closed_for == whom:
                continue
            model.closed_for = whom
            self._changed(model)
            self.let_go(model)

    def _corrected(self, boarding: Boarding) -> Memory:
        """Return the estimate, or what the model was seen to take; alone it may have what there is."""
        estimate, most = boarding.need, self._bounds.limits.budget.host_bytes
        seen_bytes = min(boarding.model.seen_bytes, most)
        return Memory(max(estimate.host_bytes, seen_bytes), estimate.device_bytes)


def _as_wanted(boarding: Boarding) -> Resident:
    """Return the resident that it will be; whoever comes later finds it busy."""
    model = boarding.model
    return Resident(name=model.key, need=boarding.need, is_busy=True, is_pinned=model.is_pinned)
