"""The entrance: who of those that wait goes next, and what they are given: a seq_id, a prefix, a sampler."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from corral.core.engine_settings import EngineSettings
from corral.core.outcome import SequenceStart
from corral.engine.admission import admissible
from corral.engine.companions import begin
from corral.engine.flights import Flights
from corral.engine.kv import KvLedger, Wish
from corral.engine.media import n_positions, text_only
from corral.engine.planner import Planner
from corral.engine.ports import Runner
from corral.engine.progress import ProgressReports
from corral.engine.roster import Roster
from corral.engine.scoring import Scoring
from corral.engine.sequence import Sequence, Stage
from corral.engine.service import Service


class Entrance:
    """Part of the scheduler. Leases of `ledger` begin here; they end in `roster`.

    `light` are the callers who ask for little where others are about, as of the last `admit`.
    """

    def __init__(  # noqa: PLR0913 - parts of one scheduler, wired once
        self,
        runner: Runner[Any],
        settings: EngineSettings,
        ledger: KvLedger,
        *,
        roster: Roster,
        planner: Planner,
        progress: ProgressReports,
    ) -> None:
        self.service = Service()
        self.light: frozenset[str] = frozenset()
        self._runner = runner
        self._settings = settings
        self._ledger = ledger
        self._roster = roster
        self._planner = planner
        self._progress = progress
        self._flights = Flights(self._n_held) if self._can_share_flights() else None

    def admit(self, now_s: float) -> list[SequenceStart]:
        """Give seq_ids to waiting sequences."""
        roster = self._roster
        self.service.look(roster.n_waiting, roster.n_running, now_s)
        self.light = self._light_callers()
        if not roster.waiting or not self._ledger.n_idle:
            return []
        is_held = not self._settings.is_batching_continuous and any(
            sequence.stage is Stage.DECODE for sequence in roster.running
        )
        if self._flights is not None:
            self._flights.look(roster.running)
        going = admissible(self._in_order(), self._ledger.n_idle, self._has_place, are_prompts_held=is_held)
        starts = [self._start(sequence, now_s) for sequence in going]
        return [start for start in starts if start is not None]

    def _light_callers(self) -> frozenset[str]:
        if not self.service.is_contested:
            return frozenset()
        return self.service.light(self._roster.n_waiting + self._roster.n_running, self._runner.n_slots)

    def _in_order(self) -> Iterable[Sequence]:
        """Return who waits, whose turn it is first.

        Callers for whom no seq_id is left are left out: theirs may be very many.
        """
        waiting = self._roster.waiting
        if not self.service.is_contested:
            return list(waiting)
        full = {caller for caller in self._roster.n_waiting if self._is_kept_free(caller, 1)}
        if full:
            waiting = [s for s in waiting if s.scoring is not None or s.space.caller not in full]
        return self.service.order(waiting)

    def _has_place(self, sequence: Sequence) -> bool:
        """Whether a sequence may go: its slot is idle, or for a branch one that costs nobody anything.

        Nor does it go while another computes what it could share.
        """
        if sequence.scoring is not None and sequence.leader is not None:
            return self._ledger.has_place(sequence.scoring.seq_ids)
        slot = sequence.request.slot
        if slot is not None and not self._ledger.is_idle(slot):
            return False
        n_more = 1 if sequence.companion is None else 2
        if self.service.is_contested and self._is_kept_free(sequence.space.caller, n_more):
            return False
        return self._flights is None or not self._flights.is_waiting(sequence)

    def _can_share_flights(self) -> bool:
        """Whether it helps to wait for what another computes.

        Not where memory cannot be forked in the middle; nor where those that wait would, once the first of
        them generates, be held back as new prompts (`--no-cont-batching`).
        """
        return (
            self._runner.is_trimmable
            and not self._planner.grouping.is_on
            and self._settings.is_batching_continuous
        )

    def _is_kept_free(self, caller: str, n_more: int) -> bool:
        """Whether the last of `n_more` seq_ids is not for `caller`, though it is idle, as others are about.

        The last one is for those who ask for little. Where nobody does, nobody may have all.
        """
        n_slots = self._runner.n_slots
        if n_slots <= n_more:
            return False
        if self.light:
            return caller not in self.light and self._ledger.n_idle <= n_more
        return self._roster.n_running[caller] + n_more >= n_slots

    def _n_held(self, sequence: Sequence) -> int:
        return self._ledger.n_held(sequence.space, sequence.prompt[:-1])

    def _start(self, sequence: Sequence, now_s: float) -> SequenceStart | None:
        """Return the report, None for a sequence that nobody hears of."""
        self._lease(sequence, now_s)
        if sequence.scoring is not None:
            return None
        self._give_sampler(sequence)
        if sequence.companion is not None:
            self._lease(sequence.companion, now_s)
            begin(sequence, now_s)  # where the cache has all of both prompts
        self._progress.note([sequence], now_s)
        return sequence.started()

    def _lease(self, sequence: Sequence, now_s: float) -> None:
        placement = self._ledger.lease(self._wish(sequence))
        self._roster.admit(sequence)
        sequence.seq_id = placement.seq_id
        sequence.n_past = sequence.n_cached = placement.n_cached
        sequence.admitted_s = now_s
        if sequence.spans:
            sequence.position_offset = n_positions(sequence.prompt[: sequence.n_past]) - sequence.n_past
        if sequence.scoring is not None:
            n_prompt = len(sequence.prompt)
            sequence.scoring.leased(sequence.seq_id, n_prompt=n_prompt, n_cached=sequence.n_cached)
        sequence.move(Stage.PREFILL)
        if self._flights is not None:
            self._flights.join(sequence)

    def _give_sampler(self, sequence: Sequence) -> None:
        sampler = self._runner.sampler(sequence.request.sampling, sequence.seed, sequence.bias)
        if sequence.grammar is not None:
            sampler.constraint = sequence.grammar.constraint(sequence.bias)
        sampler.accept(text_only(sequence.prompt) if sequence.spans else sequence.prompt)
        sequence.sampler = sampler

    def _wish(self, sequence: Sequence) -> Wish:
        if sequence.scoring is not None and sequence.leader is not None:
            return self._branch_wish(sequence, sequence.scoring)
        request = sequence.request
        is_cache_wanted = request.is_cache_wanted or sequence.leader is not None
        return Wish(
            tokens=sequence.prompt,
            space=sequence.space,
            slot=request.slot if sequence.companion_of is None else None,
            is_cache_wanted=is_cache_wanted and not self._planner.grouping.is_on,
            worth_copying=self._planner.cost.worth_copying(self._runner.copy_ms),
            similarity=self._settings.slot_prompt_similarity,
        )

    def _branch_wish(self, sequence: Sequence, scoring: Scoring) -> Wish:
        """Ask for a copy of the base, at nobody's cost."""
        return Wish(
            tokens=sequence.prompt,
            space=sequence.space,
            is_cache_wanted=not self._planner.grouping.is_on,
            n_reusable=scoring.n_reusable(sequence.path(len(sequence.prompt))),
            own=scoring.seq_ids,
        )
