"""What an engine process has accepted and not ended yet, and who waits for it."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from corral.core.errors import from_report
from corral.core.messages import Answer, Failed, Finished, Stepped
from corral.gateway.frames import ProtocolError
from corral.gateway.slots import Slots

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from corral.core.errors import CorralError
    from corral.core.messages import ModelFacts
    from corral.core.request import GenerationRequest
    from corral.gateway.generation import Generation
    from corral.gateway.metrics import Meter

RequestEvent = Stepped | Finished | Failed | Answer


class _OpenCall(NamedTuple):
    caller: str
    answer: asyncio.Future[Answer]


class OpenRequests:
    """The open generations and calls of one engine process, and its slots; born with `Ready`, gone with it.

    A generation stays here until its one `Finished` or `Failed`, also when its reader has left before.
    `meter` counts over all processes of a worker and is the worker's. `on_busy` is told when there is
    something open again, and when nothing is any more.
    """

    def __init__(self, facts: ModelFacts, meter: Meter, on_busy: Callable[[bool], None]) -> None:
        self.slots = Slots(facts)
        self._meter = meter
        self._on_busy = on_busy
        self._was_busy = False
        self._generations: dict[str, Generation] = {}
        self._calls: dict[str, _OpenCall] = {}

    @property
    def n_open(self) -> int:
        """How many generations have not ended."""
        return len(self._generations)

    def n_open_by_caller(self) -> Counter[str]:
        """Return how many generations and calls of each caller have not ended."""
        found = Counter(generation.request.caller for generation in self._generations.values())
        found.update(call.caller for call in self._calls.values())
        return found

    @property
    def n_calls(self) -> int:
        """How many calls have no answer yet."""
        return len(self._calls)

    @property
    def n_waiting(self) -> int:
        """How many generations have no slot yet."""
        return sum(not generation.has_started for generation in self._generations.values())

    @property
    def running(self) -> Iterable[GenerationRequest]:
        """The requests that have a slot, and those next in the queue as far as slots are free.

        A crash in the first step of a request keeps the engine from telling of its start.
        """
        alive = [one for one in self._generations.values() if not one.is_over]
        started = [one for one in alive if one.has_started]
        starting = [one for one in alive if not one.has_started][: self.slots.n_free]
        return [one.request for one in (*started, *starting)]

    def accept(self, generation: Generation) -> None:
        """Feed `generation` from now on, until it ends."""
        request_id = generation.request.request_id
        assert request_id not in self._generations, f"request id {request_id} is taken"
        self._generations[request_id] = generation
        self._tell_busy()

    def accept_call(self, request_id: str, caller: str) -> asyncio.Future[Answer]:
        """Return what will hold the answer to the call `request_id` of `caller`."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._calls[request_id] = _OpenCall(caller, answer)
        self._tell_busy()
        return answer

    def apply(self, event: RequestEvent) -> None:
        """Hand what the engine says to whom it concerns. Raises `ProtocolError` if that is nobody."""
        try:
            match event:
                case Stepped():
                    self._step(event)
                case Finished(request_id):
                    self._end(request_id, None)
                case Failed(request_id, report):
                    self._end(request_id, from_report(report))
                case Answer():
                    self._answer(event)
        except LookupError as error:
            raise ProtocolError(f"no such request or slot: {error}") from error

    def fail_all(self, error: CorralError) -> None:
        """End everything with `error`: the engine is gone."""
        report = error.report()
        for request_id in [*self._generations, *self._calls]:
            self._end(request_id, from_report(report))  # one for each: a raised exception is not shared

    def _step(self, event: Stepped) -> None:
        generations = self._generations
        slots = self.slots
        for start in event.starts:
            generation = generations[start.request_id]
            slots.start(generation.request, start)
            generation.put(start)
        for progress in event.progress:
            generations[progress.request_id].put(progress)
        for output in event.outputs:
            slots.output(output)
            generations[output.request_id].put(output)
        self._meter.step(event)

    def _tell_busy(self) -> None:
        is_busy = bool(self._generations or self._calls)
        if is_busy is not self._was_busy:
            self._was_busy = is_busy
            self._on_busy(is_busy)

    def _end(self, request_id: str, error: CorralError | None) -> None:
        generation = self._generations.pop(request_id, None)
        if generation is None:
            self._fail_call(request_id, error)
            return
        self.slots.release(request_id)
        if error is None:
            generation.finish()
        else:
            generation.fail(error)
        self._tell_busy()

    def _answer(self, event: Answer) -> None:
        _, answer = self._calls.pop(event.request_id)
        self._tell_busy()
        if not answer.done():  # else cancelled: nobody waits any more
            answer.set_result(event)

    def _fail_call(self, request_id: str, error: CorralError | None) -> None:
        _, answer = self._calls.pop(request_id)
        self._tell_busy()
        if not answer.done():
            answer.set_exception(error or ProtocolError(f"{request_id} ended without an answer"))
