"""The figures of a step: what it cost, and what the engine holds after it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from corral.core.outcome import SequenceStart
from corral.core.step_stats import StepStats
from corral.engine.kv import KvLedger
from corral.engine.plan import Plan
from corral.engine.planner import Planner
from corral.engine.roster import Roster


class StepTimes(NamedTuple):
    """What a step took, in milliseconds: all of it, its decoding and sampling, its sampling."""

    step_ms: float = 0.0
    rows_ms: float = 0.0
    sample_ms: float = 0.0


NO_TIME = StepTimes()


class StepFigures:
    """Part of the scheduler. Has the planner learn what steps cost."""

    def __init__(self, roster: Roster, ledger: KvLedger, planner: Planner, n_cells: int) -> None:
        self._roster = roster
        self._ledger = ledger
        self._planner = planner
        self._n_cells = n_cells

    def of(
        self, plan: Plan, starts: Iterable[SequenceStart], times: StepTimes, *, wait_ms: float
    ) -> StepStats:
        """Return the figures of a step. `wait_ms`: how long who comes now is expected to wait."""
        starts = list(starts)
        prefill_ms, decode_ms = self._split(plan, times, has_starts=bool(starts))
        tiers = self._ledger.tiers
        host_bytes, disk_bytes = tiers.n_bytes
        return StepStats(
            n_prefill=plan.n_prefill,
            n_decode=plan.n_decode,
            prefill_ms=prefill_ms,
            decode_ms=decode_ms,
            n_cached=sum(start.n_cached for start in starts),
            n_running=len(self._roster.running) - len(self._roster.companions),
            n_waiting=len(self._roster.waiting),
            n_cells_used=self._ledger.n_cells_used,
            n_cells=self._n_cells,
            n_drafts=int(plan.draft is not None),
            n_drafted=plan.n_drafted,
            n_drafted_accepted=0 if plan.draft is None else plan.draft.n_accepted,
            sample_ms=times.sample_ms,
            n_waiting_tokens=self._roster.n_waiting_tokens,
            wait_ms=wait_ms,
            n_from_host=tiers.counts.n_from_host,
            n_from_disk=tiers.counts.n_from_disk,
            n_kept=tiers.counts.n_kept,
            host_bytes=host_bytes,
            disk_bytes=disk_bytes,
        )

    def _split(self, plan: Plan, times: StepTimes, *, has_starts: bool) -> tuple[float, float]:
        """Return the step's milliseconds of prompts and of decoding.

        Copies of states and guesses tell nothing of the cost of rows; what they took is split as that is.
        """
        step_ms, rows_ms = times.step_ms, times.rows_ms
        if plan.span is not None:
            return step_ms, 0.0  # says nothing about the cost of text
        if not plan.decodes and not plan.chunks:
            return 0.0, 0.0
        if plan.is_alone and not has_starts:
            self._planner.drafting.observe(plan.n_drafted, step_ms)
        prefill_ms, decode_ms = self._planner.cost.observe(plan.n_decode, plan.n_prefill, rows_ms)
        return (prefill_ms * step_ms / rows_ms, decode_ms * step_ms / rows_ms) if rows_ms else (0.0, 0.0)
