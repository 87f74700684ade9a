"""The scheduler of an engine that makes vectors or scores. Owned by one thread.

A step takes inputs off the queue, first come first served, as many as one batch holds, whichever calls they
belong to. Nothing stays in memory between steps.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from corral.core.clock import Clock
from corral.core.errors import CorralError, InternalError, UnavailableError
from corral.core.messages import AnyEvent, Embedded, Failed, Finished, Ranked, Stepped
from corral.core.step_stats import StepStats
from corral.engine.embedding_ports import EmbeddingRunner, Vectors
from corral.engine.inputs import PreparedInputs
from corral.engine.ports import DecodeError
from corral.engine.radix import Tokens


@dataclass(eq=False, slots=True)
class _Call:
    """An accepted call, and the vectors of those of its inputs that are done, in order."""

    work: PreparedInputs
    vectors: list[Vectors] = field(default_factory=list)

    @property
    def is_done(self) -> bool:
        return len(self.vectors) == len(self.work.inputs)


class EmbeddingScheduler:
    """Batches the inputs of all calls over an `EmbeddingRunner`."""

    def __init__(self, runner: EmbeddingRunner, clock: Clock) -> None:
        self._runner = runner
        self._clock = clock
        self._open: dict[str, _Call] = {}
        self._waiting: deque[tuple[_Call, Tokens]] = deque()

    @property
    def is_idle(self) -> bool:
        """Whether a step would do nothing."""
        return not self._waiting

    @property
    def is_done(self) -> bool:
        """Whether nothing is open."""
        return self.is_idle

    def submit(self, work: PreparedInputs) -> list[AnyEvent]:
        """Accept a call with at least one input; it is answered, or ends in `Finished` or `Failed`."""
        if work.request_id in self._open:
            return [Failed(work.request_id, InternalError(f"id {work.request_id} is in use").report())]
        call = self._open[work.request_id] = _Call(work)
        self._waiting.extend((call, tokens) for tokens in work.inputs)
        return []

    def cancel(self, request_id: str) -> list[AnyEvent]:
        """Forget a call that nobody waits for any more."""
        if request_id not in self._open:
            return []
        self._drop(request_id)
        return [Finished(request_id)]

    def abort(self) -> list[AnyEvent]:
        """End all calls: the server stops."""
        return self.fail_all(UnavailableError("The server is stopping"))

    def fail_all(self, error: CorralError) -> list[AnyEvent]:
        """End all calls with `error`."""
        return [event for request_id in list(self._open) for event in self._fail(request_id, error)]

    def lease_cores(self, cpus: tuple[int, ...], n_threads: int | None) -> None:
        """Have the next steps computed on these CPUs, or, when there are none, on all (`LeaseCores`)."""
        self._runner.lease_cores(cpus, n_threads)

    def step(self) -> list[AnyEvent]:
        """Compute one batch; return the answers of the calls that it completes, and what it cost."""
        started_s = self._clock.now_s()
        batch = self._take()
        inputs = [tokens for _, tokens in batch]
        try:
            found = self._runner.embed(inputs)
        except DecodeError as error:
            ids = dict.fromkeys(call.work.request_id for call, _ in batch)
            return [event for id_ in ids for event in self._fail(id_, InternalError(str(error)))]
        for (call, _), vectors in zip(batch, found, strict=True):
            call.vectors.append(vectors)
        step_ms = (self._clock.now_s() - started_s) * 1000
        stats = self._stats(sum(map(len, inputs)), len(inputs), step_ms)
        return [Stepped([], [], stats), *self._answers(batch)]

    def _take(self) -> list[tuple[_Call, Tokens]]:
        """Take what fits into a batch off the queue; the first input always does."""
        batch = [self._waiting.popleft()]
        n_rows = len(batch[0][1])
        while self._waiting and len(batch) < self._runner.n_inputs:
            n_rows += len(self._waiting[0][1])
            if n_rows > self._runner.n_rows:
                break
            batch.append(self._waiting.popleft())
        return batch

    def _answers(self, batch: list[tuple[_Call, Tokens]]) -> list[AnyEvent]:
        done = [call for call in dict.fromkeys(call for call, _ in batch) if call.is_done]
        for call in done:
            del self._open[call.work.request_id]
        return [self._answer(call) for call in done]

    def _answer(self, call: _Call) -> AnyEvent:
        work = call.work
        n_tokens = [len(tokens) for tokens in work.inputs]
        if work.is_ranking:
            return Ranked(work.request_id, [float(vectors[0, 0]) for vectors in call.vectors], n_tokens)
        raw = [[vector.tobytes() for vector in vectors] for vectors in call.vectors]
        return Embedded(work.request_id, self._runner.width, raw, n_tokens)

    def _fail(self, request_id: str, error: CorralError) -> list[AnyEvent]:
        self._drop(request_id)
        return [Failed(request_id, error.report())]

    def _drop(self, request_id: str) -> None:
        dropped = self._open.pop(request_id)
        self._waiting = deque(item for item in self._waiting if item[0] is not dropped)

    def _stats(self, n_prefill: int, n_running: int, step_ms: float) -> StepStats:
        """Return the cost of a step: all rows are prompt rows, none of them stays in memory."""
        return StepStats(
            n_prefill=n_prefill,
            n_decode=0,
            prefill_ms=step_ms,
            decode_ms=0.0,
            n_cached=0,
            n_running=n_running,
            n_waiting=len(self._waiting),
            n_cells_used=0,
            n_cells=0,
            wait_ms=step_ms * (1 + len(self._waiting) / max(1, n_running)),
        )
