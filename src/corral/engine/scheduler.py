"""The scheduler: commands in, steps, events out. Owned by one thread.

Commands are applied between steps; a step is: admit, plan, decode, sample, emit.
"""

from __future__ import annotations

import secrets
from typing import Any

from corral.core.clock import Clock
from corral.core.engine_settings import EngineSettings
from corral.core.errors import CorralError, InternalError
from corral.core.messages import AnyEvent, Failed, Finished, Stepped, StepStats
from corral.core.outcome import FinishReason, SequenceOutput, SequenceStart
from corral.engine.admission import admissible
from corral.engine.burst import find_burst
from corral.engine.emission import Emission
from corral.engine.intake import Prepared
from corral.engine.kv import KvLedger, Wish
from corral.engine.plan import Plan, lay_out
from corral.engine.planner import StepCost, chunks, prefill_budget
from corral.engine.ports import DecodeError, Runner, Sampled
from corral.engine.sequence import Sequence, Stage
from corral.engine.window import cut_context

INDEX_EVERY = 32  # generated tokens between two updates of a running sequence in the radix tree


class Scheduler:
    """Continuous batching over a `Runner`."""

    def __init__(self, runner: Runner[Any], settings: EngineSettings, clock: Clock) -> None:
        self._runner = runner
        self._settings = settings
        self._clock = clock
        self._is_shiftable = runner.is_shiftable and settings.is_context_shift
        self._emission = Emission(
            runner.vocabulary,
            runner.facts,
            is_shiftable=self._is_shiftable,
            is_special_shown=settings.is_special_shown,
        )
        self._ledger = KvLedger(runner.memory, runner.n_slots, is_trimmable=runner.is_trimmable)
        self._cost = StepCost()
        self._waiting: list[Sequence] = []
        self._running: list[Sequence] = []
        self._open: dict[str, list[Sequence]] = {}

    @property
    def is_idle(self) -> bool:
        """Whether a step would do nothing."""
        return not self._waiting and not self._running

    @property
    def ledger(self) -> KvLedger:
        """Who holds which KV cells."""
        return self._ledger

    def submit(self, prepared: Prepared) -> list[AnyEvent]:
        """Accept a request; it ends in exactly one `Finished` or `Failed`."""
        request_id = prepared.request.request_id
        if request_id in self._open:
            return [Failed(request_id, InternalError(f"request id {request_id} is in use").report())]
        self._open[request_id] = _sequences(prepared)
        if not len(prepared.prompt):
            return self._finish(request_id, FinishReason.EOS)
        self._waiting += self._open[request_id]
        return []

    def cancel(self, request_id: str) -> list[AnyEvent]:
        """End a request now, wherever it stands; its memory is free for the next step."""
        return self._finish(request_id, FinishReason.CANCELLED) if request_id in self._open else []

    def abort(self) -> list[AnyEvent]:
        """End all requests: the server stops."""
        return [e for request_id in list(self._open) for e in self._finish(request_id, FinishReason.ABORTED)]

    def fail_all(self, error: CorralError) -> list[AnyEvent]:
        """End all running requests with `error`; what their memory holds is in doubt and is forgotten."""
        failed = {sequence.request.request_id for sequence in self._running}
        for request_id in failed:
            for sequence in self._open.pop(request_id):
                self._leave(sequence, is_memory_good=False)
        return [Failed(request_id, error.report()) for request_id in failed]

    def step(self) -> list[AnyEvent]:
        """Run one step; return what happened in it."""
        started_s = self._clock.now_s()
        starts = self._admit(started_s)
        plan = self._plan(started_s)
        try:
            self._decode(plan)
        except DecodeError as error:
            return self.fail_all(InternalError(str(error)))
        sampled = self._sample(plan)
        outputs = self._emit(plan, sampled)
        stats = self._stats(plan, starts, (self._clock.now_s() - started_s) * 1000)
        return [Stepped(starts, outputs, stats), *self._finished(outputs)]

    def _admit(self, now_s: float) -> list[SequenceStart]:
        """Give seq_ids to waiting sequences."""
        if not self._waiting:
            return []
        going = admissible(list(self._waiting), self._ledger.n_idle, self._ledger.is_idle)
        return [self._start(sequence, now_s) for sequence in going]

    def _start(self, sequence: Sequence, now_s: float) -> SequenceStart:
        request = sequence.request
        placement = self._ledger.lease(self._wish(sequence))
        self._waiting.remove(sequence)
        self._running.append(sequence)
        sequence.seq_id = placement.seq_id
        sequence.n_past = sequence.n_cached = placement.n_cached
        sequence.admitted_s = now_s
        sequence.sampler = self._runner.sampler(request.sampling, sequence.seed, sequence.bias)
        sequence.sampler.accept(sequence.prompt)
        sequence.move(Stage.PREFILL)
        return sequence.started()

    def _wish(self, sequence: Sequence) -> Wish:
        request = sequence.request
        return Wish(
            tokens=sequence.prompt,
            caller=request.caller,
            slot=request.slot,
            is_cache_wanted=request.is_cache_wanted or sequence.leader is not None,
            worth_copying=self._cost.worth_copying(self._runner.copy_ms),
            similarity=self._settings.slot_prompt_similarity,
        )

    def _plan(self, now_s: float) -> Plan:
        """Fill the batch: all who decode, and as much prefill as they can bear."""
        # llama.cpp computes rows of several streams in one pass only where their seq_ids follow each other.
        decodes = sorted((s for s in self._running if s.stage is Stage.DECODE), key=lambda s: s.seq_id)
        prefills = [s for s in self._running if s.stage is Stage.PREFILL]
        n_batch, max_itl_ms = self._runner.batch.n_max, self._settings.max_itl_ms
        burst = find_burst(decodes, prefills, now_s=now_s, max_itl_ms=max_itl_ms)
        if burst is not None:
            decodes, prefills = [], burst.prefills
            budget = self._cost.n_prefill_within(burst.left_ms, n_batch)
        else:
            budget = prefill_budget(self._cost, n_decode=len(decodes), n_batch=n_batch, max_itl_ms=max_itl_ms)
        for sequence in decodes:
            self._make_room(sequence)
        sizes = chunks([s.n_prefill_left for s in prefills], budget)
        return lay_out(self._runner.batch, decodes, prefills, sizes)

    def _make_room(self, sequence: Sequence) -> None:
        """Shift the context of a sequence that has no free cell for its next token."""
        facts = self._runner.facts
        if sequence.n_past < facts.n_ctx - 1 or not self._is_shiftable:
            return
        request = sequence.request
        n_keep = None if request.n_keep is None else request.n_keep + facts.is_bos_added
        cut = cut_context(sequence.n_past, facts.n_ctx, n_keep, request.n_discard, len(sequence.prompt))
        self._runner.memory.shift(sequence.seq_id, cut.n_keep, cut.n_discard, sequence.n_past)
        sequence.shifted(cut)
        self._index(sequence)

    def _decode(self, plan: Plan) -> None:
        self._runner.decode(self._runner.batch.n_rows)
        plan.advance()

    def _sample(self, plan: Plan) -> list[tuple[Sequence, Sampled]]:
        """Choose a token for each sequence that has an output row."""
        outputs = plan.outputs
        tokens = self._runner.sample([(row, sequence.sampler) for row, sequence in outputs])
        return [(sequence, token) for (_, sequence), token in zip(outputs, tokens, strict=True)]

    def _emit(self, plan: Plan, sampled: list[tuple[Sequence, Sampled]]) -> list[SequenceOutput]:
        """Return what each sequence has to show; those that ended leave."""
        now_s = self._clock.now_s()
        outputs = []
        for sequence in plan.prefilled:
            self._prefilled(sequence, now_s)
            if sequence.request.max_tokens == 0:
                outputs.append(self._end(sequence, FinishReason.LENGTH, now_s))
        for sequence, token in sampled:
            output = self._emission.take(sequence, token, now_s)
            if output is not None:
                outputs.append(output)
                if output.end is not None:
                    self._leave(sequence)
                    continue
            if sequence.n_predicted % INDEX_EVERY == 0:
                self._index(sequence)
        return outputs

    def _prefilled(self, sequence: Sequence, now_s: float) -> None:
        """The whole prompt is in KV memory: others may share it from here on."""
        sequence.move(Stage.DECODE)
        sequence.first_token_s = now_s
        self._index(sequence)

    def _index(self, sequence: Sequence) -> None:
        self._ledger.record(sequence.seq_id, sequence.request.caller, sequence.resident())

    def _end(self, sequence: Sequence, reason: FinishReason, now_s: float) -> SequenceOutput:
        output = self._emission.finish(sequence, reason, now_s)
        self._leave(sequence)
        return output

    def _leave(self, sequence: Sequence, *, is_memory_good: bool = True) -> None:
        """Take an ended sequence out; its seq_id goes back with the KV it holds, if that can be trusted."""
        if sequence.stage is Stage.WAITING and sequence in self._waiting:
            self._waiting.remove(sequence)
        if sequence in self._running:
            self._running.remove(sequence)
            self._give_back(sequence, is_memory_good=is_memory_good)
        if sequence.sampler is not None:
            sequence.sampler.close()
            sequence.sampler = None
        if sequence.stage is not Stage.ENDED:
            sequence.move(Stage.ENDED)

    def _give_back(self, sequence: Sequence, *, is_memory_good: bool) -> None:
        if is_memory_good:
            self._ledger.release(sequence.seq_id, sequence.request.caller, sequence.resident())
        else:
            self._ledger.discard(sequence.seq_id)

    def _finish(self, request_id: str, reason: FinishReason) -> list[AnyEvent]:
        """End what is left of a request."""
        now_s = self._clock.now_s()
        live = [s for s in self._open.pop(request_id) if s.stage is not Stage.ENDED]
        outputs = [self._end(sequence, reason, now_s) for sequence in live]
        return [Stepped([], outputs, self._stats(Plan([], []), [], 0.0)), Finished(request_id)]

    def _finished(self, outputs: list[SequenceOutput]) -> list[Finished]:
        """Return the last word on each request whose sequences have all ended."""
        ids = {output.request_id for output in outputs if output.end is not None}
        done = [i for i in ids if all(s.stage is Stage.ENDED for s in self._open[i])]
        for request_id in done:
            del self._open[request_id]
        return [Finished(request_id) for request_id in done]

    def _stats(self, plan: Plan, starts: list[SequenceStart], step_ms: float) -> StepStats:
        prefill_ms, decode_ms = 0.0, 0.0
        if plan.decodes or plan.chunks:
            prefill_ms, decode_ms = self._cost.observe(len(plan.decodes), plan.n_prefill, step_ms)
        return StepStats(
            n_prefill=plan.n_prefill,
            n_decode=len(plan.decodes),
            prefill_ms=prefill_ms,
            decode_ms=decode_ms,
            n_cached=sum(start.n_cached for start in starts),
            n_running=len(self._running),
            n_waiting=len(self._waiting),
            n_cells_used=self._ledger.n_cells_used,
            n_cells=self._runner.n_cells,
        )


def _sequences(prepared: Prepared) -> list[Sequence]:
    """Return the n sequences of a request, with seeds of their own; the first prefills for all."""
    given = prepared.request.sampling.seed
    # 0xFFFFFFFF asks llama.cpp for a random seed; ours is drawn here, so that it can be told.
    seed = secrets.randbelow(0xFFFFFFFF) if given is None else given
    leader = Sequence(prepared, 0, seed & 0xFFFFFFFF)
    others = (Sequence(prepared, i, (seed + i) & 0xFFFFFFFF, leader) for i in range(1, prepared.request.n))
    return [leader, *others]
