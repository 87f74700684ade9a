"""The bound on what may wait, and how long a wait is expected to be."""

from __future__ import annotations

from collections import Counter

from corral.core.engine_settings import EngineSettings
from corral.core.errors import QueueFullError
from corral.core.queue_share import has_room
from corral.engine.intake import Prepared
from corral.engine.kv import KvLedger
from corral.engine.queue_wait import QueueWait
from corral.engine.roster import Roster
from corral.engine.sequence import Stage


class WaitingLine:
    """Part of the scheduler: looks at who waits in `roster`, and changes nothing there."""

    def __init__(self, roster: Roster, ledger: KvLedger, settings: EngineSettings) -> None:
        self._roster = roster
        self._ledger = ledger
        self._n_most = settings.max_queue_tokens
        self._wait = QueueWait()
        self._n_ended = 0  # turns that it knows of

    def stepped(self, step_ms: float, *, rows_ms: float, n_prefill: int) -> None:
        """Learn from one step, and from what ended in it or since the one before."""
        n_ended, self._n_ended = self._roster.n_turns_ended - self._n_ended, self._roster.n_turns_ended
        self._wait.stepped(step_ms, rows_ms=rows_ms, n_prefill=n_prefill, n_ended=n_ended)

    def refusal(self, prepared: Prepared) -> QueueFullError | None:
        """Return why a prompt may not wait: too many tokens of others do.

        What is scored always may: it belongs to an answer that was generated already.
        """
        if prepared.scoring is not None:
            return None
        n_waiting = self._roster.n_waiting_tokens
        is_full = 0 < self._n_most < n_waiting + len(prepared.prompt)
        if not n_waiting or not is_full or self._has_room(prepared):
            return None
        reason = f"The queue is full: {n_waiting} prompt tokens wait"
        return QueueFullError.expecting(reason, self.wait_ms(len(prepared.prompt)))

    def wait_ms(self, n_more: int = 0) -> float:
        """Return how long a request with `n_more` prompt tokens would wait for its first token now."""
        n_left = sum(s.n_prefill_left for s in self._roster.running if s.stage is Stage.PREFILL)
        return self._wait.estimate_ms(
            n_waiting=self._roster.n_waiting_turns,
            n_tokens=self._roster.n_waiting_tokens + n_left + n_more,
            is_full=not self._ledger.n_idle,
        )

    def _has_room(self, prepared: Prepared) -> bool:
        """Whether a full queue takes a prompt all the same, because others have filled it."""
        held: Counter[str] = Counter()
        for sequence in self._roster.waiting:
            held[sequence.space.caller] += sequence.n_to_compute
        return has_room(held, prepared.request.caller, len(prepared.prompt), self._n_most)
