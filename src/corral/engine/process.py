"""The engine process: wires the threads, loads the model, runs the loop, leaves cleanly.

main thread    load, then the loop (owns scheduler and runner)
reader         frames in; tokenizes, so that long prompts do not hold up a step
slow lane      compiles grammars and reads images, so that these do not hold up the reader
writer         events out
heartbeat      says once a second that the process lives, and how old the present step is
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from corral.core import log
from corral.core.clock import MonotonicClock
from corral.core.errors import CorralError, InternalError, ModelLoadError, NotSupportedError
from corral.core.messages import (
    AnyCall,
    AnyCommand,
    AnyEvent,
    Cancel,
    Detokenize,
    Detokenized,
    Drain,
    Embed,
    EraseSlot,
    Failed,
    Heartbeat,
    Load,
    LoadFailed,
    Progress,
    Rank,
    Ready,
    RestoreSlot,
    SaveSlot,
    SetLoras,
    SetSystemPrompt,
    Submit,
    Tokenize,
    Tokenized,
)
from corral.engine import embedding_runners, fake
from corral.engine.embedding import EmbeddingScheduler
from corral.engine.embedding_ports import EmbeddingRunner
from corral.engine.inputs import InputIntake
from corral.engine.intake import Intake
from corral.engine.loop import Deed, EngineLoop, Signal
from corral.engine.memory_use import rss_bytes
from corral.engine.pipe import EventWriter, read_frames
from corral.engine.ports import Runner
from corral.engine.scheduler import Scheduler
from corral.engine.slot_calls import SlotCalls
from corral.engine.slot_file import Taker
from corral.engine.slot_files import SlotFiles
from corral.engine.slow_lane import SlowLane, is_slow
from corral.engine.standing import Standing
from corral.engine.state_calls import StateCalls
from corral.engine.window import is_window_sliding

HEARTBEAT_S = 1.0
GRACE_S = 2.0  # a gateway that is gone waits for nothing: what has not ended by then is cut

_log = log.get("engine")


@dataclass(frozen=True, slots=True)
class _Loaded:
    """What the other threads may use once the model is there. `inputs`: of an engine that makes vectors."""

    loop: EngineLoop[Any]
    intake: Intake
    inputs: InputIntake | None = None
    state: StateCalls | None = None


class EngineProcess:
    """One model's process, speaking frames on two file descriptors."""

    def __init__(self, in_fd: int, out_fd: int) -> None:
        self._in_fd = in_fd
        self._writer = EventWriter(out_fd)
        self._first: Future[Load] = Future()
        self._loaded: Future[_Loaded] = Future()
        self._slow_lane = SlowLane()
        self._is_over = threading.Event()

    def run(self) -> int:
        """Serve until drained, stopped or left alone; return the exit status."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the gateway's to interpret
        signal.signal(signal.SIGTERM, self._terminate)
        writer = threading.Thread(target=self._writer.run, name="writer", daemon=True)
        writer.start()
        for target in (self._read, self._beat):
            threading.Thread(target=target, name=target.__name__, daemon=True).start()
        status = self._serve()
        self._is_over.set()
        self._writer.close()
        writer.join(GRACE_S)
        return status

    def _serve(self) -> int:
        command = self._first.result()
        log.configure(command.log)
        try:
            run, close = self._prepared(command)
        except CorralError as error:
            self._writer.post([LoadFailed(error.report())])
            return 1
        try:
            run()
        finally:
            close()
        return 0

    def _prepared(self, command: Load) -> tuple[Callable[[], None], Callable[[], None]]:
        """Load the model; return what runs it and what frees it. Raises `CorralError`."""
        if command.engine.purpose == "generate":
            generating = self._load(command)
            _check_standing(generating)
            return lambda: self._run_loop(generating, command), generating.close
        embedding = embedding_runners.load(command, self._report_progress)
        return lambda: self._run_embedding_loop(embedding), embedding.close

    def _run_embedding_loop(self, runner: EmbeddingRunner) -> None:
        clock = MonotonicClock()
        loop = EngineLoop(EmbeddingScheduler(runner, clock), self._writer.post, clock)
        intake = Intake(runner.vocabulary, runner.facts, clock, is_shiftable=False)
        self._loaded.set_result(_Loaded(loop, intake, InputIntake(intake, runner)))
        self._writer.post([Ready(runner.facts)])
        loop.run()

    def _run_loop(self, runner: Runner[Any], command: Load) -> None:
        clock = MonotonicClock()
        facts, is_grouped = runner.facts, command.engine.rope.group_n > 1
        scheduler = Scheduler(runner, command.engine, clock)
        files = SlotFiles(Taker(runner.fingerprint, facts.n_vocab, facts.n_ctx), clock)

        def post(request_id: str, act: Callable[[], list[AnyEvent]]) -> None:
            loop.post(Deed(request_id, act))

        slots = SlotCalls(runner.memory, scheduler.ledger, files, post, clock)
        loop = EngineLoop(scheduler, self._writer.post, clock, slots.run)
        is_shiftable = is_window_sliding(command.engine, is_shiftable=runner.is_shiftable)
        projector = None if is_grouped else runner.projector  # self-extend groups the positions of text only
        intake = Intake(runner.vocabulary, facts, clock, is_shiftable=is_shiftable, projector=projector)
        state = StateCalls(facts, intake.standing, slots, post, is_grouped=is_grouped)
        self._loaded.set_result(_Loaded(loop, intake, state=state))
        self._writer.post([Ready(facts)])
        try:
            loop.run()
        finally:
            files.close()

    def _load(self, command: Load) -> Runner[Any]:
        if command.runner == "fake":
            return fake.load(command.model_path, command.engine)
        if command.runner == "llama":
            from corral.engine.llama import spin  # noqa: PLC0415 - the fake must not need llama.cpp

            spin.set_poll(command.engine)
            from corral.engine.llama import runner  # noqa: PLC0415 - only now: it loads llama.cpp

            return runner.load(command.model_path, command.engine, self._report_progress)
        raise ModelLoadError(f"there is no runner called {command.runner!r}")

    def _report_progress(self, fraction: float) -> None:
        self._writer.post([Progress(fraction)])

    def _terminate(self, _signal: int, _frame: object) -> None:
        self._stop(Signal.STOP)

    def _stop(self, how: Signal) -> None:
        """Let the loop stop; before there is one, just leave."""
        if not self._loaded.done():
            os._exit(0)
        self._loaded.result().loop.post(how)

    # reader thread

    def _read(self) -> None:
        for commands in read_frames(self._in_fd):
            for command in commands:
                self._dispatch(command)
        self._stop(Signal.STOP)
        if not self._is_over.wait(GRACE_S):
            os._exit(1)

    def _dispatch(self, command: AnyCommand) -> None:
        if isinstance(command, Load):
            self._first.set_result(command)
            return
        loaded = self._loaded.result()
        match command:
            case Cancel(request_id):
                self._slow_lane.behind(request_id, lambda: loaded.loop.post(request_id))
            case Drain():
                self._slow_lane.behind_all(lambda: loaded.loop.post(Signal.DRAIN))
            case Submit(request) if is_slow(command):
                self._slow_lane.put(request.request_id, lambda: self._answer(command, loaded))
            case Tokenize(request_id) | Detokenize(request_id) if is_slow(command):
                self._slow_lane.put(request_id, lambda: self._answer(command, loaded))
            case Embed(request_id) | Rank(request_id):  # thousands of texts may have to be tokenized
                self._slow_lane.put(request_id, lambda: self._answer(command, loaded))
            case _:
                self._answer(command, loaded)

    def _answer(self, command: Submit | AnyCall, loaded: _Loaded) -> None:
        request_id = command.request.request_id if isinstance(command, Submit) else command.request_id
        try:
            self._handle(command, loaded)
        except CorralError as error:
            self._writer.post([Failed(request_id, error.report())])
        except Exception as error:  # noqa: BLE001 - the reader outlives a fault in one request
            _log.error("engine.request_failed", exc_info=True)
            self._writer.post([Failed(request_id, InternalError(str(error)).report())])

    def _handle(self, command: Submit | AnyCall, loaded: _Loaded) -> None:
        match command:
            case SaveSlot() | RestoreSlot() | EraseSlot() | SetLoras() | SetSystemPrompt():
                if loaded.state is None:
                    raise NotSupportedError("the engine is run for vectors and keeps nothing")
                self._writer.post(loaded.state.handle(command))
            case Embed() | Rank():
                if loaded.inputs is None:
                    raise NotSupportedError("the engine is run to generate")
                loaded.loop.post(loaded.inputs.prepare(command))
            case Submit() if loaded.inputs is not None:
                raise NotSupportedError("the engine is run for vectors and generates nothing")
            case Submit(request):
                loaded.loop.post(loaded.intake.prepare(request))
            case Tokenize(request_id, pieces, add_special, parse_special):
                ids = loaded.intake.tokenize(pieces, is_bos_wanted=add_special, has_special=parse_special)
                self._writer.post([Tokenized(request_id, ids, loaded.intake.pieces(ids))])
            case Detokenize(request_id, tokens):
                self._writer.post([Detokenized(request_id, b"".join(loaded.intake.pieces(tokens)))])

    # heartbeat thread

    def _beat(self) -> None:
        while not self._is_over.wait(HEARTBEAT_S):
            age_s = self._loaded.result().loop.step_age_s() if self._loaded.done() else 0.0
            self._writer.post([Heartbeat(age_s, rss_bytes())])


def _check_standing(runner: Runner[Any]) -> None:
    """Free the runner and raise `InvalidRequestError` when the system prompt leaves no room for others."""
    try:
        Standing(runner.vocabulary, runner.facts)
    except CorralError:
        runner.close()
        raise


def main() -> int:
    """Serve on standard input and output; whatever else prints goes to standard error."""
    in_fd, out_fd = os.dup(0), os.dup(1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    status = EngineProcess(in_fd, out_fd).run()
    # Native threads of llama.cpp may still spin; there is nothing left to clean up.
    os._exit(status)
