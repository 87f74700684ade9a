"""The scheduler: commands in, steps, events out. Owned by one thread.

A step is six things: apply (commands, between steps), admit, plan, decode, sample, emit.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any

from corral.core.clock import Clock
from corral.core.errors import CorralError, InternalError
from corral.core.messages import AnyEvent, Failed, Finished, Stepped, StepStats
from corral.core.outcome import FinishReason, SequenceOutput, SequenceStart
from corral.core.settings import EngineSettings
from corral.engine import limits
from corral.engine.intake import Prepared
from corral.engine.kv import KvLedger, Wish
from corral.engine.planner import StepCost, chunks, prefill_budget
from corral.engine.ports import DecodeError, Runner, Sampled, Sampler
from corral.engine.sequence import Sequence, Stage
from corral.engine.window import cut_context

INDEX_EVERY = 32  # generated tokens between two updates of a running sequence in the radix tree


@dataclass(slots=True)
class _Plan:
    """The rows of one decode. `decodes[i]` stands in row i, chunks follow; `firsts` get their first token."""

    decodes: list[Sequence]
    chunks: list[tuple[Sequence, int]]
    firsts: list[tuple[int, Sequence]] = field(default_factory=list)

    @property
    def n_prefill(self) -> int:
        return sum(size for _, size in self.chunks)


class Scheduler:
    """Continuous batching over a `Runner`."""

    def __init__(self, runner: Runner[Any], settings: EngineSettings, clock: Clock) -> None:
        self._runner = runner
        self._settings = settings
        self._clock = clock
        self._is_shiftable = runner.is_shiftable and settings.is_context_shift
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
        request = prepared.request
        if request.request_id in self._open:
            error = InternalError(f"request id {request.request_id} is in use")
            return [Failed(request.request_id, error.report())]
        self._open[request.request_id] = self._sequences(prepared)
        if len(prepared.prompt):
            self._waiting += self._open[request.request_id]
            return []
        return self._finish_all(request.request_id, FinishReason.EOS)

    def cancel(self, request_id: str) -> list[AnyEvent]:
        """End a request now, wherever it stands; its memory is free for the next step."""
        if request_id not in self._open:
            return []
        return self._finish_all(request_id, FinishReason.CANCELLED)

    def abort(self) -> list[AnyEvent]:
        """End all requests: the server stops."""
        return [
            e for request_id in list(self._open) for e in self._finish_all(request_id, FinishReason.ABORTED)
        ]

    def fail_all(self, error: CorralError) -> list[AnyEvent]:
        """End all running requests with `error`; what their memory holds is in doubt and is forgotten."""
        failed = {sequence.request.request_id for sequence in self._running}
        for request_id in failed:
            for sequence in self._open.pop(request_id):
                self._drop(sequence)
        return [Failed(request_id, error.report()) for request_id in failed]

    def step(self) -> list[AnyEvent]:
        """Run one step; return what happened in it."""
        started_s = self._clock.now_s()
        starts = self._admit(started_s)
        plan = self._plan()
        try:
            self._decode(plan)
        except DecodeError as error:
            return self.fail_all(InternalError(str(error)))
        sampled = self._sample(plan)
        outputs = self._emit(plan, sampled)
        stats = self._stats(plan, starts, (self._clock.now_s() - started_s) * 1000)
        return [Stepped(starts, outputs, stats), *self._finished(outputs)]

    # admit

    def _admit(self, now_s: float) -> list[SequenceStart]:
        """Give seq_ids to waiting sequences in order of arrival; one that cannot go yet holds nobody up."""
        starts = []
        for sequence in list(self._waiting):
            if not self._ledger.n_idle:
                break
            if sequence.is_ready and self._has_slot(sequence):
                starts.append(self._start(sequence, now_s))
        return starts

    def _has_slot(self, sequence: Sequence) -> bool:
        slot = sequence.request.slot
        return slot is None or self._ledger.is_idle(slot)

    def _start(self, sequence: Sequence, now_s: float) -> SequenceStart:
        placement = self._ledger.lease(self._wish(sequence))
        self._waiting.remove(sequence)
        self._running.append(sequence)
        sequence.seq_id = placement.seq_id
        sequence.n_past = sequence.n_cached = placement.n_cached
        sequence.admitted_s = now_s
        sequence.sampler = self._sampler(sequence)
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

    def _sampler(self, sequence: Sequence) -> Sampler:
        sampler: Sampler = self._runner.sampler(sequence.request.sampling, sequence.seed, sequence.bias)
        sampler.accept(sequence.prompt)
        return sampler

    # plan

    def _plan(self) -> _Plan:
        """Fill the batch: a row for each decoding sequence, then chunks of prompts."""
        decodes = [s for s in self._running if s.stage is Stage.DECODE]
        prefills = [s for s in self._running if s.stage is Stage.PREFILL]
        for sequence in decodes:
            self._make_room(sequence)
        budget = prefill_budget(
            self._cost,
            n_decode=len(decodes),
            n_batch=self._runner.batch.n_max,
            max_itl_ms=self._settings.max_itl_ms,
        )
        sizes = chunks([s.n_prefill_left for s in prefills], budget)
        plan = _Plan(decodes, [pair for pair in zip(prefills, sizes, strict=True) if pair[1]])
        self._fill(plan)
        return plan

    def _fill(self, plan: _Plan) -> None:
        batch = self._runner.batch
        batch.clear()
        batch.add_decodes(
            [s.next_token for s in plan.decodes],
            [s.n_past for s in plan.decodes],
            [s.seq_id for s in plan.decodes],
        )
        for sequence, size in plan.chunks:
            is_last = size == sequence.n_prefill_left
            is_output = is_last and sequence.request.max_tokens != 0
            tokens = sequence.prompt[sequence.n_past : sequence.n_past + size]
            row = batch.add_chunk(tokens, sequence.n_past, sequence.seq_id, is_last_output=is_output)
            if is_output:
                plan.firsts.append((row, sequence))

    def _make_room(self, sequence: Sequence) -> None:
        """Shift the context of a sequence that has no free cell for its next token."""
        n_ctx = self._runner.facts.n_ctx
        if sequence.n_past < n_ctx - 1 or not self._is_shiftable:
            return
        request = sequence.request
        n_keep = None if request.n_keep is None else request.n_keep + self._runner.facts.is_bos_added
        cut = cut_context(sequence.n_past, n_ctx, n_keep, request.n_discard, len(sequence.prompt))
        self._runner.memory.shift(sequence.seq_id, cut.n_keep, cut.n_discard, sequence.n_past)
        sequence.shifted(cut)
        self._index(sequence)

    # decode, sample

    def _decode(self, plan: _Plan) -> None:
        self._runner.decode(self._runner.batch.n_rows)
        for sequence in plan.decodes:
            sequence.n_past += 1
        for sequence, size in plan.chunks:
            sequence.n_past += size

    def _sample(self, plan: _Plan) -> list[tuple[Sequence, Sampled]]:
        """Choose a token for each sequence that has an output row."""
        rows = [*enumerate(plan.decodes), *plan.firsts]
        sampled = self._runner.sample([(row, s.sampler) for row, s in rows if s.sampler is not None])
        return [(s, token) for (_, s), token in zip(rows, sampled, strict=True)]

    # emit

    def _emit(self, plan: _Plan, sampled: list[tuple[Sequence, Sampled]]) -> list[SequenceOutput]:
        now_s = self._clock.now_s()
        for sequence, _ in plan.chunks:
            if not sequence.n_prefill_left:
                self._prefilled(sequence, now_s)
        outputs = [self._advance(sequence, token, now_s) for sequence, token in sampled]
        only_prompt = [s for s, _ in plan.chunks if not s.n_prefill_left and s.request.max_tokens == 0]
        outputs += [self._end(s, FinishReason.LENGTH, now_s=now_s) for s in only_prompt]
        return [output for output in outputs if output is not None]

    def _prefilled(self, sequence: Sequence, now_s: float) -> None:
        """The whole prompt is in KV memory: others may share it from here on."""
        sequence.move(Stage.DECODE)
        sequence.first_token_s = now_s
        self._index(sequence)

    def _advance(self, sequence: Sequence, sampled: Sampled, now_s: float) -> SequenceOutput | None:
        """Take one token; return what can be shown, None inside a character."""
        token = sampled.token
        sequence.generated.append(token)
        sequence.next_token = token
        if token in self._runner.vocabulary.eog:
            sequence.withhold(token, sampled.probs)
            return self._end(sequence, FinishReason.EOS, now_s=now_s)
        is_shown = self._settings.is_special_shown
        text, stop = sequence.text.feed(self._runner.vocabulary.piece(token, is_special_shown=is_shown))
        reason = FinishReason.STOP if stop else self._limit(sequence, now_s)
        if reason is not None:
            sequence.withhold(token, sampled.probs)
            return self._end(sequence, reason, text=text or "", stop=stop, now_s=now_s)
        if sequence.n_predicted % INDEX_EVERY == 0:
            self._index(sequence)
        if text is None:
            sequence.withhold(token, sampled.probs)
            return None
        return sequence.output(text, token, sampled.probs)

    def _limit(self, sequence: Sequence, now_s: float) -> FinishReason | None:
        if limits.is_spent(sequence, now_s):
            return FinishReason.LENGTH
        if limits.is_context_full(sequence, self._runner.facts, is_shiftable=self._is_shiftable):
            sequence.is_truncated = True
            return FinishReason.LENGTH
        return None

    # endings

    def _end(
        self,
        sequence: Sequence,
        reason: FinishReason,
        *,
        now_s: float,
        text: str = "",
        stop: str | None = None,
    ) -> SequenceOutput:
        """End a sequence: flush its text, give its seq_id back with the KV it holds."""
        if stop is None:
            rest, stop = sequence.text.flush()
            text += rest
            reason = FinishReason.STOP if stop else reason
        output = sequence.ended(text, reason, stop or "", now_s)
        self._leave(sequence)
        return output

    def _leave(self, sequence: Sequence) -> None:
        if sequence.stage is Stage.WAITING and sequence in self._waiting:
            self._waiting.remove(sequence)
        if sequence in self._running:
            self._running.remove(sequence)
            self._ledger.release(sequence.seq_id, sequence.request.caller, sequence.resident())
        self._close(sequence)

    def _drop(self, sequence: Sequence) -> None:
        """End a sequence without a word, forgetting its memory."""
        if sequence in self._waiting:
            self._waiting.remove(sequence)
        if sequence in self._running:
            self._running.remove(sequence)
            self._ledger.discard(sequence.seq_id)
        self._close(sequence)

    @staticmethod
    def _close(sequence: Sequence) -> None:
        if sequence.sampler is not None:
            sequence.sampler.close()
            sequence.sampler = None
        if sequence.stage is not Stage.ENDED:
            sequence.move(Stage.ENDED)

    def _finish_all(self, request_id: str, reason: FinishReason) -> list[AnyEvent]:
        now_s = self._clock.now_s()
        live = [s for s in self._open[request_id] if s.stage is not Stage.ENDED]
        outputs = [self._end(sequence, reason, now_s=now_s) for sequence in live]
        del self._open[request_id]
        return [Stepped([], outputs, self._stats(_Plan([], []), [], 0.0)), Finished(request_id)]

    def _finished(self, outputs: list[SequenceOutput]) -> list[Finished]:
        """Return the last word on each request whose sequences have all ended."""
        ids = {output.request_id for output in outputs if output.end is not None}
        done = [i for i in ids if all(s.stage is Stage.ENDED for s in self._open[i])]
        for request_id in done:
            del self._open[request_id]
        return [Finished(request_id) for request_id in done]

    # bookkeeping

    def _sequences(self, prepared: Prepared) -> list[Sequence]:
        given = prepared.request.sampling.seed
        seed = secrets.randbits(32) % 0xFFFFFFFF if given is None else given & 0xFFFFFFFF
        leader = Sequence(prepared, 0, seed)
        others = [
            Sequence(prepared, i, (seed + i) & 0xFFFFFFFF, leader) for i in range(1, prepared.request.n)
        ]
        return [leader, *others]

    def _index(self, sequence: Sequence) -> None:
        self._ledger.record(sequence.seq_id, sequence.request.caller, sequence.resident())

    def _stats(self, plan: _Plan, starts: list[SequenceStart], step_ms: float) -> StepStats:
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
