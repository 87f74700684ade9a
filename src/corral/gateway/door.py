"""The way of a request to the worker of its model: the door through which the dialects see the engines."""

from __future__ import annotations

import asyncio
import functools
import itertools
from collections import Counter
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
    from corral.core.request import GenerationRequest, Piece, TextPiece
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
        self._parked: Counter[str] = Counter()  # by caller
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

    def generate(self, request: GenerationRequest, *, n_checked: int = 1) -> Generation:
        """Return the stream of `request`, by its caller's terms. Nothing happens before it is entered.

        The caller's quota must have room for `n_checked` requests: all those that are entered together,
        asked of the first of them; 0: it was asked. Entering may raise `ModelLoadingError`,
        `QuotaExceededError`, `QueueFullError` or `UnavailableError`, and `InvalidRequestError` for more
        requests together than the quota ever has room for.
        """
        request = self._callers.stamped(request)
        enter = functools.partial(self._enter, n_checked=n_checked)
        if self._recorder is not None:
            return self._recorder.generation(request, enter, self._leave)
        return Generation(request, enter, self._leave)

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

        It belongs to a request that was taken on and has counted `prompt`: neither the queue nor a quota
        refuses it, and the question alone counts. Who stops waiting cancels it. Raises as a request does.
        """
        call = Score(self._call_id(), prompt, question, continuations, caller, is_bos_wanted)
        charge = self._callers.charge(caller, (), untold=question, n_requests=0)
        answer = await self._called(self._callers.stamped(call), caller, charge)
        assert isinstance(answer, Scored)
        if charge is not None:
            charge.took(0)
        return answer

    async def embed(self, inputs: list[list[TextPiece]], *, caller: str = "") -> Embedded:
        """Return the vectors of each input. Who stops waiting cancels it. Raises as a request does."""
        self._check_room(self._worker(), caller)
        charge = self._callers.charge(caller, _joined(inputs))
        answer = await self._called(Embed(self._call_id(), inputs), caller, charge)
        assert isinstance(answer, Embedded)
        if charge is not None:
            charge.took(sum(answer.n_tokens))
        return answer

    async def rank(self, query: str, documents: list[str], *, caller: str = "") -> Ranked:
        """Return how well each document answers the query. Who stops waiting cancels it. Raises the same."""
        self._check_room(self._worker(), caller)
        charge = self._callers.charge(caller, [query, *documents])
        answer = await self._called(Rank(self._call_id(), query, documents), caller, charge)
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
        return self._worker().metrics(n_parked=self._parked.total())

    async def _called(self, call: Embed | Rank | Score, caller: str, charge: Charge | None) -> Answer:
        try:
            process = await self._ready_process(caller)
            return await process.call(call, caller)
        except CorralError:
            if charge is not None:
                charge.withdraw()
            raise
        finally:
            if charge is not None:
                charge.close()

    async def _enter(self, generation: Generation, *, n_checked: int) -> None:
        worker, request = self._worker(), generation.request
        worker.history.suspects.check(request)
        self._check_room(worker, request.caller)
        charge = generation.charge = self._callers.charge(
            request.caller, request.prompt, untold=_beside_prompt(request), n_checked=n_checked
        )
        try:
            if self._recorder is not None:
                await self._recorder.begin(request, self.tokenize)
            is_ready = worker.state is State.READY
            process = worker.process if is_ready else await self._ready_process(request.caller)
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
        if worker.n_open + worker.n_calls + self._parked.total() < n_most:
            return
        held = worker.n_open_by_caller() + self._parked
        if not has_room(held, caller, 1, n_most):
            raise QueueFullError.expecting("The queue of requests is full", worker.history.meter.wait_ms)

    def _worker(self) -> Worker:
        """Return the worker, which was ready at least once and is meant to be again."""
        worker = self._find_worker()
        if worker is None:
            raise ModelLoadingError("Loading model", retry_after_s=1)
        worker.check_usable()
        return worker

    async def _ready_process(self, caller: str = "") -> EngineProcess:
        self._parked[caller] += 1
        try:
            async with asyncio.timeout(self._restart_wait_s):
                while (worker := self._worker()).state is not State.READY:
                    await worker.settled.wait()
        except TimeoutError:
            message = "The model's engine is restarting"
            raise UnavailableError(message, retry_after_s=RETRY_AFTER_S) from None
        finally:
            self._parked[caller] -= 1
        return worker.process

    def _call_id(self) -> str:
        return f"call-{next(self._call_ids)}"


def _beside_prompt(request: GenerationRequest) -> Iterable[Piece]:
    """Return what is computed besides the prompt."""
    return request.guidance.negative if request.guidance is not None else ()


def _joined(inputs: Iterable[list[TextPiece]]) -> list[TextPiece]:
    return [piece for pieces in inputs for piece in pieces]
