"""The scheduler: commands in, steps, events out. Owned by one thread.

Commands are applied between steps; a step is: admit, plan, decode, sample, emit.
"""

from __future__ import annotations

from collections.abc import Sequence as Items
from itertools import chain
from typing import Any

from corral.core.clock import Clock
from corral.core.engine_settings import EngineSettings
from corral.core.errors import CorralError, InternalError, InvalidRequestError
from corral.core.messages import AnyEvent, Failed, Finished, Scored, Stepped
from corral.core.outcome import FinishReason, SequenceOutput, SequenceStart
from corral.engine.companions import begin, keep_up, steering
from corral.engine.draft.verification import Verification
from corral.engine.emission import Emission
from corral.engine.entrance import Entrance
from corral.engine.intake import Prepared
from corral.engine.kv import KvLedger
from corral.engine.media import Span
from corral.engine.plan import Plan
from corral.engine.planner import Planner
from corral.engine.ports import DecodeError, Runner, Sampled, Steered
from corral.engine.progress import ProgressReports
from corral.engine.roster import Roster
from corral.engine.sequence import Sequence, Stage
from corral.engine.step_figures import NO_TIME, StepFigures, StepTimes
from corral.engine.tiers.arrivals import Arrivals
from corral.engine.tiers.tiers import Tiers
from corral.engine.waiting_line import WaitingLine
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
        self._clock = clock
        is_shiftable = is_window_sliding(settings, is_shiftable=runner.is_shiftable)
        self._emission = Emission(
            runner.vocabulary,
            runner.facts,
            is_shiftable=is_shiftable,
            is_special_shown=settings.is_special_shown,
        )
        self._verification = Verification(runner, self._emission)
        self._ledger = KvLedger(runner.memory, runner.n_slots, is_trimmable=runner.is_trimmable, tiers=tiers)
        self._roster = Roster(self._ledger, self._emission, runner.memory if settings.is_kv_dumped else None)
        self._planner = Planner(runner, settings, self._ledger, is_shiftable=is_shiftable)
        self._progress = ProgressReports()
        self._entrance = Entrance(
            runner,
            settings,
            self._ledger,
            roster=self._roster,
            planner=self._planner,
            progress=self._progress,
        )
        self._line = WaitingLine(self._roster, self._ledger, settings)
        self._figures = StepFigures(self._roster, self._ledger, self._planner, runner.n_cells)

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
        self._roster.add(prepared)
        return [] if len(prepared.prompt) else self._finish(prepared.request_id, FinishReason.EOS)

    def _refusal(self, prepared: Prepared) -> CorralError | None:
        """Return why a request cannot be accepted, if it cannot."""
        if prepared.request_id in self._roster or self._is_arriving(prepared.request_id):
            return InternalError(f"request id {prepared.request_id} is in use")
        if prepared.negative is not None and self._planner.grouping.is_on:
            return InvalidRequestError("guidance cannot be combined with self-extend (--grp-attn-n)")
        return self._line.refusal(prepared)

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

    def lease_cores(self, cpus: tuple[int, ...], n_threads: int | None) -> None:
        """Have the next steps computed on these CPUs, or, when there are none, on all (`LeaseCores`)."""
        self._runner.lease_cores(cpus, n_threads)

    def step(self) -> list[AnyEvent]:
        """Run one step; return what happened in it."""
        started_s = self._clock.now_s()
        self._progress.take()  # a step that failed told nobody
        starts = self._entrance.admit(started_s)
        plan = self._planner.plan(self._roster.running, started_s, self._entrance.light)
        planned_s = self._clock.now_s()
        try:
            self._decode(plan)
        except DecodeError as error:
            return self.fail_all(InternalError(str(error)))
        except CorralError as error:  # an image that the projector cannot encode; memory is as it was
            failed = self._roster.fail([sequence for sequence, _ in plan.chunks], error)
            return [self._stepped(Plan([], []), starts, []), *failed]
        decoded_s = self._clock.now_s()
        sampled = self._sample(plan)
        sampled_s = self._clock.now_s()
        outputs = self._emit(plan, sampled, sampled_s)
        now_s = self._clock.now_s()
        self._progress.note((s for s, _ in plan.chunks if s.companion_of is None), now_s)
        times = StepTimes(
            step_ms=(now_s - started_s) * 1000,
            rows_ms=(sampled_s - planned_s) * 1000,
            sample_ms=(sampled_s - decoded_s) * 1000,
        )
        stepped = self._stepped(plan, starts, outputs, times)
        finished = self._roster.finished(outputs)
        return [*self._scored(plan), stepped, *finished, *self._broken_off(plan, sampled)]

    def _stepped(
        self,
        plan: Plan,
        starts: list[SequenceStart],
        outputs: list[SequenceOutput],
        times: StepTimes = NO_TIME,
    ) -> Stepped:
        """Return what is told of a step; without time it was none."""
        if times.step_ms:
            self._line.stepped(times.step_ms, rows_ms=times.rows_ms, n_prefill=plan.n_prefill)
        stats = self._figures.of(plan, starts, times, wait_ms=self._line.wait_ms())
        return Stepped(starts, outputs, stats, self._progress.take() if times.step_ms else [])

    def _decode(self, plan: Plan) -> None:
        if self._runner.facts.loras:
            self._runner.use_loras(self._planner.loras)
        if plan.span is None:
            self._runner.decode(self._runner.batch.n_rows)
        else:
            self._decode_media(plan, plan.span)
        plan.advance()
        self._entrance.service.charge(chain(plan.chunks, zip(plan.decodes, plan.n_taken, strict=True)))

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

    def _emit(
        self, plan: Plan, sampled: list[tuple[Sequence, Sampled]], now_s: float
    ) -> list[SequenceOutput]:
        """Return what each sequence has to show; those that ended leave."""
        outputs = []
        self._keep_checkpoints(plan)
        for sequence in plan.prefilled:
            self._prefilled(sequence, now_s)
            if sequence.scoring is not None:
                self._roster.leave(sequence)
            elif sequence.request.max_tokens == 0:
                outputs.append(self._roster.end(sequence, FinishReason.LENGTH, now_s))
        self._share_progress(plan)
        for sequence, choice in sampled:
            n_before = sequence.n_predicted
            if plan.draft is not None:
                row, _ = plan.outputs[0]
                taken = self._verification.take(plan.draft, row, sequence, choice, now_s)
            elif choice.failure is not None:
                continue
            else:
                taken = self._emission.take(sequence, choice, now_s)
            outputs += taken
            if taken and taken[-1].end is not None:
                self._roster.leave(sequence)
            elif n_before // INDEX_EVERY != sequence.n_predicted // INDEX_EVERY:
                self._index(sequence)
        for companion in self._roster.companions:
            keep_up(companion)
        return outputs

    def _keep_checkpoints(self, plan: Plan) -> None:
        """Have states kept of the prompts that are on their way, where memory cannot be cut back to them."""
        if not self._ledger.has_checkpoints:
            return
        for sequence, _ in plan.chunks:
            n_left = len(sequence.prompt) - sequence.n_past
            if n_left and sequence.is_checkpointed:
                tokens = sequence.prompt[: sequence.n_past]
                self._ledger.checkpoint(sequence.seq_id, sequence.space, tokens, is_inside=n_left > 1)

    def _share_progress(self, plan: Plan) -> None:
        """Let those who wait see how far the prompts of others are."""
        if self._roster.waiting:
            for sequence, _ in plan.chunks:
                if sequence.stage is Stage.PREFILL:
                    self._index(sequence)

    def _scored(self, plan: Plan) -> list[Scored]:
        """Return the answers of the calls whose last branch was computed."""
        if not plan.chunks:
            return []
        return self._roster.scored(s for s in plan.prefilled if s.scoring is not None)

    def _prefilled(self, sequence: Sequence, now_s: float) -> None:
        """The whole prompt is in KV memory: others may share it from here on."""
        begin(sequence, now_s)
        sequence.free_media()
        self._index(sequence)

    def _index(self, sequence: Sequence) -> None:
        self._ledger.record(sequence.seq_id, sequence.space, sequence.resident())
        if sequence.companion is not None:
            self._index(sequence.companion)

    def _broken_off(self, plan: Plan, sampled: list[tuple[Sequence, Sampled]]) -> list[Failed]:
        """End the requests whose grammar could not be followed."""
        broken = [(sequence, choice.failure) for sequence, choice in sampled if choice.failure is not None]
        if plan.draft is not None and plan.draft.failure is not None:
            broken = [(plan.decodes[0], plan.draft.failure)]
        return [failed for sequence, error in broken for failed in self._roster.fail([sequence], error)]

    def _finish(self, request_id: str, reason: FinishReason) -> list[AnyEvent]:
        """End what is left of a request."""
        outputs = self._roster.finish(request_id, reason, self._clock.now_s())
        return [self._stepped(Plan([], []), [], outputs), Finished(request_id)]
