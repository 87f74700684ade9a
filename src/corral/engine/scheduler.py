"""The scheduler: commands in, steps, events out. Owned by one thread.

Commands are applied between steps; a step is: admit, plan, decode, sample, emit.
"""

from __future__ import annotations

from collections.abc import Sequence as Items
from typing import Any

from corral.core.clock import Clock
from corral.core.engine_settings import EngineSettings
from corral.core.errors import CorralError, InternalError, InvalidRequestError
from corral.core.messages import AnyEvent, Failed, Finished, Scored, Stepped, StepStats
from corral.core.outcome import FinishReason, SequenceOutput, SequenceStart
from corral.engine.admission import admissible
from corral.engine.companions import beginning, keep_up, steering
from corral.engine.emission import Emission
from corral.engine.flights import is_in_flight
from corral.engine.intake import Prepared
from corral.engine.kv import KvLedger, Wish
from corral.engine.media import Span, n_positions, text_only
from corral.engine.plan import Plan
from corral.engine.planner import Planner
from corral.engine.ports import DecodeError, Runner, Sampled, Steered
from corral.engine.progress import ProgressReports
from corral.engine.roster import Roster
from corral.engine.scoring import Scoring
from corral.engine.sequence import Sequence, Stage
from corral.engine.service import Service
from corral.engine.tiers.arrivals import Arrivals
from corral.engine.tiers.tiers import Tiers
from corral.engine.window import is_window_sliding

INDEX_EVERY = 32  # generated tokens between two updates of a running sequence in the radix tree


class Scheduler:
    """Continuous batching over a `Runner`."""

    def __init__(
        self,
        runner: Runner[Any],
        settings: EngineSettings,
        clock: Clock,
        tiers: Tiers | None = None,
        arrivals: Arrivals | None = None,
    ) -> None:
        self._runner = runner
        self._arrivals = arrivals
        self._settings = settings
        self._clock = clock
        is_shiftable = is_window_sliding(settings, is_shiftable=runner.is_shiftable)
        self._emission = Emission(
            runner.vocabulary,
            runner.facts,
            is_shiftable=is_shiftable,
            is_special_shown=settings.is_special_shown,
        )
        self._ledger = KvLedger(runner.memory, runner.n_slots, is_trimmable=runner.is_trimmable, tiers=tiers)
        self._roster = Roster(self._ledger, self._emission, runner.memory if settings.is_kv_dumped else None)
        self._planner = Planner(runner, settings, self._ledger, is_shiftable=is_shiftable)
        self._progress = ProgressReports()
        self._service = Service()

    @property
    def is_idle(self) -> bool:
        """Whether a step would do nothing."""
        return not self._roster.waiting and not self._roster.running

    @property
    def is_done(self) -> bool:
        """Whether nobody is open, not even one that waits for the disk."""
        return self.is_idle and not (self._arrivals is not None and self._arrivals.ids)

    @property
    def ledger(self) -> KvLedger:
        """Who holds which KV cells."""
        return self._ledger

    @property
    def roster(self) -> Roster:
        """The open requests."""
        return self._roster

    def submit(self, prepared: Prepared) -> list[AnyEvent]:
        """Accept a request; it ends in exactly one `Finished` or `Failed`."""
        request_id = prepared.request.request_id
        refusal = self._refusal(prepared)
        if refusal is not None:
            prepared.close()
            return [Failed(request_id, refusal.report())]
        if self._arrivals is not None:
            n_held = self._ledger.n_held(prepared.space, prepared.prompt)
            if self._arrivals.expect(prepared, n_held, self._add):
                return []
        return self._add(prepared)

    def _add(self, prepared: Prepared) -> list[AnyEvent]:
        self._service.seen(prepared.request.caller, self._clock.now_s())
        self._roster.add(prepared)
        return [] if len(prepared.prompt) else self._finish(prepared.request_id, FinishReason.EOS)

    def _refusal(self, prepared: Prepared) -> CorralError | None:
        """Return why a request cannot be accepted, if it cannot."""
        if prepared.request_id in self._roster or self._is_arriving(prepared.request_id):
            return InternalError(f"request id {prepared.request_id} is in use")
        if prepared.negative is not None and self._planner.grouping.is_on:
            return InvalidRequestError("guidance cannot be combined with self-extend (--grp-attn-n)")
        return None

    def cancel(self, request_id: str) -> list[AnyEvent]:
        """End a request now, wherever it stands; its memory is free for the next step."""
        if self._is_arriving(request_id):
            self._take_in(request_id)
        return self._finish(request_id, FinishReason.CANCELLED) if request_id in self._roster else []

    def _is_arriving(self, request_id: str) -> bool:
        return self._arrivals is not None and request_id in self._arrivals

    def _take_in(self, request_id: str) -> None:
        """Let a request wait for the disk no longer."""
        assert self._arrivals is not None
        self._roster.add(self._arrivals.take(request_id))

    def abort(self) -> list[AnyEvent]:
        """End all requests: the server stops."""
        for request_id in self._arrivals.ids if self._arrivals is not None else ():
            self._take_in(request_id)
        return [e for request_id in self._roster.ids for e in self._finish(request_id, FinishReason.ABORTED)]

    def fail_all(self, error: CorralError) -> list[AnyEvent]:
        """End all running requests with `error`; what their memory holds is in doubt and is forgotten.

        With none running it was the admission that failed: those that wait end, or it would fail for ever.
        """
        failed = self._roster.running or self._roster.waiting
        return [*self._roster.fail(list(failed), error, is_memory_good=False)]

    def lease_cores(self, cpus: tuple[int, ...]) -> None:
        """Have the next steps computed on these CPUs, or, when there are none, on all."""
        self._runner.lease_cores(cpus)

    def step(self) -> list[AnyEvent]:
        """Run one step; return what happened in it."""
        started_s = self._clock.now_s()
        self._progress.take()  # a step that failed told nobody
        starts = self._admit(started_s)
        plan = self._planner.plan(self._roster.running, started_s)
        try:
            self._decode(plan)
        except DecodeError as error:
            return self.fail_all(InternalError(str(error)))
        except CorralError as error:  # an image that the projector cannot encode; memory is as it was
            failed = self._roster.fail([sequence for sequence, _ in plan.chunks], error)
            return [Stepped(starts, [], self._stats(Plan([], []), starts, 0.0)), *failed]
        sampled = self._sample(plan)
        outputs = self._emit(plan, sampled)
        now_s = self._clock.now_s()
        stats = self._stats(plan, starts, (now_s - started_s) * 1000)
        self._progress.note((s for s, _ in plan.chunks if s.companion_of is None), now_s)
        stepped = Stepped(starts, outputs, stats, self._progress.take())
        return [*self._scored(plan), stepped, *self._roster.finished(outputs), *self._broken_off(sampled)]

    def _admit(self, now_s: float) -> list[SequenceStart]:
        """Give seq_ids to waiting sequences."""
        waiting = self._roster.waiting
        if not waiting:
            return []
        is_held = not self._settings.is_batching_continuous and any(
            sequence.stage is Stage.DECODE for sequence in self._roster.running
        )
        ordered = self._service.order(list(waiting), self._roster.running)
        going = admissible(ordered, self._ledger.n_idle, self._has_place, are_prompts_held=is_held)
        starts = [self._start(sequence, now_s) for sequence in going]
        return [start for start in starts if start is not None]

    def _has_place(self, sequence: Sequence) -> bool:
        """Whether a sequence may go: its slot is idle, or for a branch one that costs nobody anything.

        Nor does it go while another computes what it could share.
        """
        if sequence.scoring is not None and sequence.leader is not None:
            return self._ledger.has_place(sequence.scoring.seq_ids)
        slot = sequence.request.slot
        if slot is not None and not self._ledger.is_idle(slot):
            return False
        if self._service.is_contested and self._would_take_all(sequence):
            return False
        return self._planner.grouping.is_on or not is_in_flight(sequence, self._roster.running, self._n_held)

    def _would_take_all(self, sequence: Sequence) -> bool:
        """Whether a caller would have every seq_id, though others are about: one stays free for them."""
        n_slots = self._runner.n_slots
        caller = sequence.space.caller
        n_own = sum(other.space.caller == caller for other in self._roster.running)
        n_more = 1 if sequence.companion is None else 2
        return n_own + n_more >= n_slots > n_more

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
            self._begin(sequence, now_s)  # where the cache has all of both prompts
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

    def _decode(self, plan: Plan) -> None:
        if self._runner.facts.loras:
            self._runner.use_loras(self._planner.loras)
        if plan.span is None:
            self._runner.decode(self._runner.batch.n_rows)
        else:
            self._decode_media(plan, plan.span)
        plan.advance()
        self._service.charge([*plan.chunks, *zip(plan.decodes, plan.n_taken, strict=True)])

    def _decode_media(self, plan: Plan, span: Span) -> None:
        sequence = plan.chunks[0][0]
        assert sequence.media is not None
        self._runner.decode_media(
            sequence.media.prompt,
            span,
            sequence.seq_id,
            position=sequence.position,
            is_last_output=bool(plan.outputs),
        )

    def _sample(self, plan: Plan) -> list[tuple[Sequence, Sampled]]:
        """Choose a token for each sequence that has an output row; read the rows that are scored."""
        outputs = plan.outputs
        steered: Items[Steered] = ()
        if self._roster.companions:
            outputs, steered = steering(plan.outputs)
        for place, (scoring, path) in enumerate(plan.scored, len(plan.outputs)):
            scoring.learn(path, self._runner.logprobs(place, scoring.wanted(path)))
        tokens = self._runner.sample([(row, sequence.sampler) for row, sequence in outputs], steered)
        return [(sequence, token) for (_, sequence), token in zip(outputs, tokens, strict=True)]

    def _emit(self, plan: Plan, sampled: list[tuple[Sequence, Sampled]]) -> list[SequenceOutput]:
        """Return what each sequence has to show; those that ended leave."""
        now_s = self._clock.now_s()
        outputs = []
        for sequence in plan.prefilled:
            self._prefilled(sequence, now_s)
            if sequence.scoring is not None:
                self._roster.leave(sequence)
            elif sequence.request.max_tokens == 0:
                outputs.append(self._roster.end(sequence, FinishReason.LENGTH, now_s))
        self._share_progress(plan)
        for sequence, choice in sampled:
            if choice.failure is not None:
                continue
            n_before = sequence.n_predicted
            taken = self._emission.take(sequence, choice, now_s)
            outputs += taken
            if taken and taken[-1].end is not None:
                self._roster.leave(sequence)
            elif n_before // INDEX_EVERY != sequence.n_predicted // INDEX_EVERY:
                self._index(sequence)
        for companion in self._roster.companions:
            keep_up(companion)
        return outputs

    def _share_progress(self, plan: Plan) -> None:
        """Let those who wait see how far the prompts of others are."""
        if self._roster.waiting:
            for sequence, _ in plan.chunks:
                if sequence.stage is Stage.PREFILL:
                    self._index(sequence)

    def _scored(self, plan: Plan) -> list[Scored]:
        """Return the answers of the calls whose last branch was computed."""
        return self._roster.scored(s for s in plan.prefilled if s.scoring is not None)

    def _prefilled(self, sequence: Sequence, now_s: float) -> None:
        """The whole prompt is in KV memory: others may share it from here on."""
        self._begin(sequence, now_s)
        sequence.free_media()
        self._index(sequence)

    @staticmethod
    def _begin(sequence: Sequence, now_s: float) -> None:
        """Let a sequence decode; one of a pair as soon as both can."""
        for each in beginning(sequence):
            each.move(Stage.DECODE)
            each.first_token_s = now_s

    def _index(self, sequence: Sequence) -> None:
        self._ledger.record(sequence.seq_id, sequence.space, sequence.resident())
        if sequence.companion is not None:
            self._index(sequence.companion)

    def _broken_off(self, sampled: list[tuple[Sequence, Sampled]]) -> list[Failed]:
        """End the requests whose grammar could not be followed."""
        broken = [(sequence, choice.failure) for sequence, choice in sampled if choice.failure is not None]
        return [failed for sequence, error in broken for failed in self._roster.fail([sequence], error)]

    def _finish(self, request_id: str, reason: FinishReason) -> list[AnyEvent]:
        """End what is left of a request."""
        outputs = self._roster.finish(request_id, reason, self._clock.now_s())
        return [Stepped([], outputs, self._stats(Plan([], []), [], 0.0)), Finished(request_id)]

    def _stats(self, plan: Plan, starts: list[SequenceStart], step_ms: float) -> StepStats:
        prefill_ms, decode_ms = 0.0, 0.0
        if plan.span is not None:
            prefill_ms = step_ms  # says nothing about the cost of text
        elif plan.decodes or plan.chunks:
            prefill_ms, decode_ms = self._planner.cost.observe(plan.n_decode, plan.n_prefill, step_ms)
        return StepStats(
            n_prefill=plan.n_prefill,
            n_decode=plan.n_decode,
            prefill_ms=prefill_ms,
            decode_ms=decode_ms,
            n_cached=sum(start.n_cached for start in starts),
            n_running=len(self._roster.running) - len(self._roster.companions),
            n_waiting=len(self._roster.waiting),
            n_cells_used=self._ledger.n_cells_used,
            n_cells=self._runner.n_cells,
        )
