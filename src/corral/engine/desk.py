"""Where commands arrive once the model is there: who answers which, and on what thread.

reader      plain requests and calls, made ready at once
slow lane   what takes long to make ready, and what changes for all requests that come later
loop        what needs the scheduler or memory
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from corral.core import log
from corral.core.errors import CorralError, InternalError, NotSupportedError
from corral.core.messages import (
    AnyCall,
    AnyEvent,
    Cancel,
    Count,
    Counted,
    Detokenize,
    Detokenized,
    Drain,
    Embed,
    EraseSlot,
    Failed,
    Finished,
    LeaseCores,
    Rank,
    RestoreSlot,
    SaveSlot,
    Score,
    SetLoras,
    SetSystemPrompt,
    Submit,
    Tokenize,
    Tokenized,
)
from corral.engine.inputs import InputIntake
from corral.engine.intake import Intake
from corral.engine.loop import EngineLoop, Signal
from corral.engine.slow_lane import SlowLane, is_slow
from corral.engine.state_calls import StateCalls

_log = log.get("engine")


class Desk:
    """Called by the reader's thread. Whatever is asked has one last word, posted here or by the loop.

    `inputs`: of an engine that makes vectors; `state`: of one that generates.
    """

    def __init__(
        self,
        loop: EngineLoop[Any],
        intake: Intake,
        post: Callable[[list[AnyEvent]], None],
        *,
        inputs: InputIntake | None = None,
        state: StateCalls | None = None,
    ) -> None:
        self.loop = loop
        self._intake = intake
        self._post = post
        self._inputs = inputs
        self._state = state
        self._slow_lane = SlowLane()

    def take(self, command: Cancel | LeaseCores | Drain | Submit | AnyCall) -> None:
        """Answer `command`, or hand it to who does."""
        match command:
            case Cancel(request_id):
                self._slow_lane.cancel(request_id, lambda: self.loop.post(request_id))
            case LeaseCores():
                self.loop.post(command)
            case Drain():
                self._slow_lane.behind_all(lambda: self.loop.post(Signal.DRAIN))
            case _ if is_slow(command):
                self._put_aside(command)
            case _:
                self._answer(command)

    def _put_aside(self, command: Submit | AnyCall) -> None:
        request_id = _id(command)
        self._slow_lane.put(
            request_id, lambda: self._answer(command), lambda: self._post([Finished(request_id)])
        )

    def _answer(self, command: Submit | AnyCall) -> None:
        try:
            self._handle(command)
        except CorralError as error:
            self._post([Failed(_id(command), error.report())])
        except Exception as error:  # noqa: BLE001 - the reader outlives a fault in one request
            _log.error("engine.request_failed", exc_info=True)
            self._post([Failed(_id(command), InternalError(str(error)).report())])

    def _handle(self, command: Submit | AnyCall) -> None:
        match command:
            case Submit(request):
                if self._inputs is not None:
                    raise NotSupportedError("the engine is run for vectors and generates nothing")
                self.loop.post(self._intake.prepare(request))
            case Score():
                if self._inputs is not None:
                    raise NotSupportedError("the engine is run for vectors and scores nothing")
                self.loop.post(self._intake.prepare_score(command))
            case Embed() | Rank():
                if self._inputs is None:
                    raise NotSupportedError("the engine is run to generate")
                self.loop.post(self._inputs.prepare(command))
            case SaveSlot() | RestoreSlot() | EraseSlot() | SetLoras() | SetSystemPrompt():
                if self._state is None:
                    raise NotSupportedError("the engine is run for vectors and keeps nothing")
                self._post(self._state.handle(command))
            case _:
                self._post([self._text_answer(command)])

    def _text_answer(self, command: Tokenize | Count | Detokenize) -> Tokenized | Counted | Detokenized:
        """Answer what the tokenizer alone knows."""
        match command:
            case Tokenize(request_id, pieces, add_special, parse_special):
                ids = self._intake.tokenize(pieces, is_bos_wanted=add_special, has_special=parse_special)
                return Tokenized(request_id, ids, self._intake.pieces(ids))
            case Count(request_id, texts, has_special):
                return Counted(request_id, self._intake.counts(texts, has_special=has_special))
            case Detokenize(request_id, tokens):
                return Detokenized(request_id, b"".join(self._intake.pieces(tokens)))


def _id(command: Submit | AnyCall) -> str:
    return command.request.request_id if isinstance(command, Submit) else command.request_id
