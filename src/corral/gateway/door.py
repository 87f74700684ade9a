"""The way of a request to the worker of its model: the door through which the dialects see the engines."""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING

from corral.core.errors import CorralError, ModelLoadingError, QueueFullError, UnavailableError
from corral.core.messages import (
    Count,
    Counted,
    Detokenize,
    Detokenized,
    Embed,
    Embedded,
    Rank,
    Ranked,
    Score,
    Scored,
    Tokenize,
    Tokenized,
)
from corral.core.queue_share import has_room
from corral.gateway.callers import Callers
from corral.gateway.engine_state import EngineState
from corral.gateway.generation import Generation
from corral.gateway.lifecycle import State
from corral.gateway.slots import Slots

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from corral.core.messages import Answer, ModelFacts
    from corral.core.request import GenerationRequest, TextPiece
    from corral.gateway.charge import Charge
    from corral.gateway.metrics import MetricsSnapshot
    from corral.gateway.process import EngineProcess
    from corral.gateway.recording import Recorder
    from corral.gateway.slots import SlotView
    from corral.gateway.worker import Worker

RESTART_WAIT_S = 30.0
RETRY_AFTER_S = 5


class Door:
    """Hands requests to the worker of the model called `name`.

    `find_worker` returns the worker, None before the first load. `max_queue` bounds how many requests wait
    for a slot. While a crashed engine restarts, requests wait up to `restart_wait_s`. `recorder` writes
    requests down. `callers` knows their terms and counts what they take.
    """

    def __init__(  # noqa: PLR0913 - what a model is given of the gateway's own, once
        self,
        name: str,
        find_worker: Callable[[], Worker | None],
        *,
        max_queue: int,
        restart_wait_s: float = RESTART_WAIT_S,
        recorder: Recorder | None = None,
        callers: Callers | None = None,
    ) -> None:
        self.name = name
        self._find_worker = find_worker
        self.max_queue = max_queue
        self._restart_wait_s = restart_wait_s
        self._recorder = recorder
        self._callers = callers or Callers({})
        self._n_parked = 0
        self._call_ids = itertools.count()
        self.state = EngineState(self._worker, self._ready_process, self._call_id)

    @property
    def worker_id(self) -> int:
        """The id of the engine's process. Raises as `facts`, and `UnavailableError` while there is none."""
        pid = self._worker().process.pid
        if pid is None:
            raise UnavailableError("The model's engine is restarting", retry_after_s=RETRY_AFTER_S)
        return pid

    def facts(self) -> ModelFacts:
        """Return the model's facts; they stay known while a crashed engine restarts.

        Raises `ModelLoadingError` during the first load, `UnavailableError` when it failed or was unloaded.
        """
        worker = self._worker()
        assert worker.facts is not None
        return worker.facts

    def generate(self, request: GenerationRequest) -> Generation:
        """Return the stream of `request`, by its caller's terms. Nothing happens before it is entered.

        Entering may raise `ModelLoadingError`, `QuotaExceededError`, `QueueFullError` or `UnavailableError`.
        """
        request = self._callers.stamped(request)
        if self._recorder is not None:
            return self._recorder.generation(request, self._enter, self._leave)
        return Generation(request, self._enter, self._leave)

    async def tokenize(self, pieces: list[TextPiece], *, add_special: bool, parse_special: bool) -> Tokenized:
        """Return the token ids of text and id pieces, joined, and the bytes of each."""
        process = await self._ready_process()
        answer = await process.call(Tokenize(self._call_id(), pieces, add_special, parse_special))
        assert isinstance(answer, Tokenized)
        return answer

    async def detokenize(self, tokens: list[int]) -> bytes:
        """Return the bytes of `tokens`, joined."""
        process = await self._ready_process()
        answer = await process.call(Detokenize(self._call_id(), tokens))
        assert isinstance(answer, Detokenized)
        return answer.content

    async def count(self, texts: list[str], *, has_special: bool) -> list[int]:
        """Return how many tokens each text has, none of them at the beginning of a prompt. One call."""
        process = await self._ready_process()
        answer = await process.call(Count(self._call_id(), texts, has_special))
        assert isinstance(answer, Counted)
        return answer.n_tokens

    async def score(
        self,
        prompt: list[TextPiece],
        question: list[TextPiece],
        continuations: list[str],
        *,
        caller: str,
        is_bos_wanted: bool = True,
    ) -> Scored:
        """Return how probable each continuation is behind `prompt` and `question`.

        Who stops waiting cancels it. Raises as a request does.
        """
        call = Score(self._call_id(), prompt, question, continuations, caller, is_bos_wanted)
        charge = self._callers.charge(caller, [*prompt, *question], n_requests=0)
        answer = await self._queued(call, caller, charge)
        assert isinstance(answer, Scored)
        if charge is not None:
            charge.took(answer.n_prompt_tokens)
        return answer

    async def embed(self, inputs: list[list[TextPiece]], *, caller: str = "") -> Embedded:
        """Return the vectors of each input. Who stops waiting cancels it. Raises as a request does."""
        charge = self._callers.charge(caller, _joined(inputs))
        answer = await self._queued(Embed(self._call_id(), inputs), caller, charge)
        assert isinstance(answer, Embedded)
        if charge is not None:
            charge.took(sum(answer.n_tokens))
        return answer

    async def rank(self, query: str, documents: list[str], *, caller: str = "") -> Ranked:
        """Return how well each document answers the query. Who stops waiting cancels it. Raises the same."""
        charge = self._callers.charge(caller, [query, *documents])
        answer = await self._queued(Rank(self._call_id(), query, documents), caller, charge)
        assert isinstance(answer, Ranked)
        if charge is not None:
            charge.took(sum(answer.n_tokens))
        return answer

    def slots(self) -> list[SlotView]:
        """Return what every slot does, without asking the engine. Raises as `facts`."""
        requests = self._worker().process.requests
        slots = requests.slots if requests is not None else Slots(self.facts())  # idle while it restarts
        return slots.views()

    def metrics(self) -> MetricsSnapshot:
        """Return the metrics and start the next averages from here. Raises as `facts`."""
        return self._worker().metrics(n_parked=self._n_parked)

    async def _queued(self, call: Embed | Rank | Score, caller: str, charge: Charge | None) -> Answer:
        try:
            self._check_room(self._worker(), caller)
            return await (await self._ready_process()).call(call)
        except CorralError:
            if charge is not None:
                charge.withdraw()
            raise
        finally:
            if charge is not None:
                charge.close()

    async def _enter(self, generation: Generation) -> None:
        worker = self._worker()
        worker.history.suspects.check(generation.request)
        self._check_room(worker, generation.request.caller)
        request = generation.request
        charge = generation.charge = self._callers.charge(request.caller, request.prompt)
        try:
            if self._recorder is not None:
                await self._recorder.begin(request, self.tokenize)
            process = worker.process if worker.state is State.READY else await self._ready_process()
            process.submit(generation)
        except BaseException:
            if charge is not None:
                charge.withdraw()
            raise

    def _leave(self, generation: Generation) -> None:
        worker = self._find_worker()
        if worker is not None:
            worker.process.cancel(generation.request.request_id)

    def _check_room(self, worker: Worker, caller: str) -> None:
        """Raise QueueFullError where there is no room for one more request of `caller`."""
        assert worker.facts is not None
        n_most = worker.facts.n_slots + self.max_queue
        n_unnamed = worker.n_calls + self._n_parked
        if worker.n_open + n_unnamed < n_most:
            return
        held = worker.n_open_by_caller()
        held[""] += n_unnamed
        if not has_room(+held, caller, 1, n_most):
            raise QueueFullError.expecting("The queue of requests is full", worker.history.meter.wait_ms)

    def _worker(self) -> Worker:
        """Return the worker, which was ready at least once and is meant to be again."""
        worker = self._find_worker()
        if worker is None:
            raise ModelLoadingError("Loading model", retry_after_s=1)
        worker.check_usable()
        return worker

    async def _ready_process(self) -> EngineProcess:
        self._n_parked += 1
        try:
            async with asyncio.timeout(self._restart_wait_s):
                while (worker := self._worker()).state is not State.READY:
                    await worker.settled.wait()
        except TimeoutError:
            message = "The model's engine is restarting"
            raise UnavailableError(message, retry_after_s=RETRY_AFTER_S) from None
        finally:
            self._n_parked -= 1
        return worker.process

    def _call_id(self) -> str:
        return f"call-{next(self._call_ids)}"


def _joined(inputs: Iterable[list[TextPiece]]) -> list[TextPiece]:
    return [piece for pieces in inputs for piece in pieces]
