"""Which rows the next decode has: all decoding sequences, then as much prefill as the others can bear."""

from __future__ import annotations

from collections.abc import Collection
from collections.abc import Sequence as Items
from typing import Any

from corral.core.engine_settings import EngineSettings
from corral.engine import companions, jump_ahead
from corral.engine.burst import find_burst
from corral.engine.draft.drafting import Drafting
from corral.engine.fairshare import Claim, shares
from corral.engine.kv import KvLedger
from corral.engine.loras import Loras, next_turn
from corral.engine.media_turns import MediaTurns
from corral.engine.plan import Plan, lay_out, with_draft
from corral.engine.ports import Runner
from corral.engine.self_extend import Grouping, make_room
from corral.engine.sequence import Sequence, Stage
from corral.engine.step_cost import StepCost, decode_budget, prefill_budget
from corral.engine.turns import Turns
from corral.engine.window import cut_context


class Planner:
    """Fills the batch of each step. Modifies memory where a context must be shifted or regrouped first.

    `loras` is the set of adapters that the last plan is for: a batch has no other.
    """

    def __init__(
        self, runner: Runner[Any], settings: EngineSettings, ledger: KvLedger, *, is_shiftable: bool
    ) -> None:
        self.loras: Loras = ()
        self.cost = StepCost()
        self.grouping = Grouping(settings.rope.group_n, settings.rope.group_width)
        self._runner = runner
        self._n_ctx = runner.facts.n_ctx
        self._settings = settings
        self._ledger = ledger
        self._is_shiftable = is_shiftable
        self._media_turns = MediaTurns()
        self._turns = Turns(self.cost, n_batch=runner.batch.n_max, max_itl_ms=settings.max_itl_ms)
        self.drafting = Drafting(
            settings.drafts,
            runner.vocabulary,
            runner.draft_model,
            is_possible=runner.is_trimmable and not self.grouping.is_on,
        )

    def plan(self, running: list[Sequence], now_s: float, light: Collection[str] = ()) -> Plan:
        """Return the rows of the next step, laid out in the runner's batch.

        `light` are the callers who ask for little, where others are about.
        """
        running = self._turn(running)
        if self._runner.projector is not None:
            media_plan = self._media_turns.plan(running, self._runner.batch.n_max)
            if media_plan is not None:
                return media_plan
        # llama.cpp computes rows of several streams in one pass only where their seq_ids follow each other.
        decodes = sorted((s for s in running if s.stage is Stage.DECODE), key=lambda s: s.seq_id)
        prefills = [s for s in running if s.stage is Stage.PREFILL and s.n_text_left]
        return self._text_plan(decodes, prefills, now_s, light)

    def _text_plan(
        self, decodes: list[Sequence], prefills: list[Sequence], now_s: float, light: Collection[str]
    ) -> Plan:
        if light:
            decodes, prefills, budget = self._turns.next(decodes, prefills, light)
            rows = self._rows(decodes)
        else:
            decodes, prefills, rows, budget = self._together(decodes, prefills, now_s)
        sizes = shares([Claim(s.space.caller, s.request.weight, self._n_wanted(s)) for s in prefills], budget)
        plan = lay_out(self._runner.batch, decodes, rows, prefills=prefills, sizes=sizes)
        drafts = self._drafts(decodes[0], rows[0]) if len(decodes) == 1 and not prefills else []
        return with_draft(self._runner.batch, plan, drafts) if drafts else plan

    def _together(
        self, decodes: list[Sequence], prefills: list[Sequence], now_s: float
    ) -> tuple[list[Sequence], list[Sequence], Items[int], int]:
        """Return the streams of the step, its prompts, the streams' rows, and room for tokens of prompts."""
        n_batch, max_itl_ms = self._runner.batch.n_max, self._settings.max_itl_ms
        burst = find_burst(decodes, prefills, now_s=now_s, max_itl_ms=max_itl_ms)
        if burst is not None:
            return [], burst.prefills, [], self.cost.n_prefill_within(burst.left_ms, n_batch)
        rows = self._rows(decodes)
        budget = prefill_budget(self.cost, n_decode=sum(rows), n_batch=n_batch, max_itl_ms=max_itl_ms)
        return decodes, prefills, rows, budget

    def _drafts(self, sequence: Sequence, n_taken: int) -> list[int]:
        """Return what to guess behind the `n_taken` rows of a sequence that is alone in the step."""
        if not self.drafting.is_on or n_taken < len(sequence.pending):
            return []
        n_most = min(self._runner.batch.n_max, self._n_free(sequence))
        return self.drafting.propose(sequence, n_most - n_taken)

    def _turn(self, running: list[Sequence]) -> list[Sequence]:
        """Return the running sequences of one set of adapters."""
        if not self._runner.facts.loras or not running:
            return running
        self.loras = next_turn((s.space.loras for s in running), self.loras)
        return [s for s in running if s.space.loras == self.loras]

    def _rows(self, decodes: list[Sequence]) -> Items[int]:
        """Return how many pending tokens of each decoding sequence go into the next step."""
        self._make_room(decodes)
        if all(len(sequence.pending) == 1 for sequence in decodes):
            return [1] * len(decodes)
        n_more = [max(0, min(len(s.pending), self._n_free(s)) - 1) for s in decodes]
        if not self._settings.is_kv_unified:
            n_more = jump_ahead.worth_a_pass(n_more, [sequence.seq_id for sequence in decodes])
        n_batch, max_itl_ms = self._runner.batch.n_max, self._settings.max_itl_ms
        n_most = decode_budget(self.cost, n_decode=len(decodes), n_batch=n_batch, max_itl_ms=max_itl_ms)
        return companions.in_step(decodes, jump_ahead.within(n_more, n_most))

    def _n_wanted(self, sequence: Sequence) -> int:
        """Return how many prompt tokens the sequence may have in this step."""
        n_left = sequence.n_text_left
        if self._ledger.has_checkpoints and self._is_stop_wanted(sequence, n_left):
            return n_left - 1
        return min(n_left, self._n_free(sequence)) if self.grouping.is_on else n_left

    def _is_stop_wanted(self, sequence: Sequence, n_left: int) -> bool:
        """Whether the last of the `n_left` tokens has a step of its own: what is before it is kept."""
        if not sequence.is_checkpointed or not 1 < n_left == sequence.n_prefill_left:
            return False
        if sequence.n_held_back:
            return False
        return self._ledger.is_checkpoint_due(sequence.space, sequence.prompt[:-1])

    def _make_room(self, decodes: list[Sequence]) -> None:
        """Shift the context of sequences that have no free cell for their next token, or regroup it."""
        if self.grouping.is_on:
            for sequence in decodes:
                make_room(self._runner.memory, sequence, self.grouping)
            return
        n_most = self._n_ctx - 1
        for sequence in decodes:
            if sequence.n_past >= n_most and self._is_shiftable and not sequence.spans:
                self._shift(sequence)

    def _n_free(self, sequence: Sequence) -> int:
        """Return how many tokens the sequence may add."""
        if self.grouping.is_on:
            return make_room(self._runner.memory, sequence, self.grouping)
        return self._n_ctx - 1 - sequence.n_past

    def _shift(self, sequence: Sequence) -> None:
        facts = self._runner.facts
        request = sequence.request
        n_first = sequence.n_system or int(facts.is_bos_added)  # never cut, nor counted by the client
        n_keep = None if request.n_keep is None else request.n_keep + n_first
        cut = cut_context(sequence.n_past, facts.n_ctx, n_keep, request.n_discard, len(sequence.prompt))
        self._runner.memory.shift(sequence.seq_id, cut.n_keep, cut.n_discard, sequence.n_past)
        sequence.shifted(cut)
        self._ledger.record(sequence.seq_id, sequence.space, sequence.resident())
