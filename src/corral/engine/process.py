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
from typing import Any

from corral.core import log
from corral.core.clock import MonotonicClock
from corral.core.engine_settings import EngineSettings
from corral.core.errors import CorralError, ModelLoadError
from corral.core.messages import (
    AnyCommand,
    AnyEvent,
    Heartbeat,
    Load,
    LoadFailed,
    Progress,
    Ready,
)
from corral.engine import embedding_runners, runners
from corral.engine.desk import Desk
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
from corral.engine.state_calls import StateCalls
from corral.engine.tiers.arrivals import Arrivals
from corral.engine.tiers.making import make_tiers
from corral.engine.window import is_window_sliding

HEARTBEAT_S = 1.0
GRACE_S = 2.0  # a gateway that is gone waits for nothing: what has not ended by then is cut


class EngineProcess:
    """One model's process, speaking frames on two file descriptors.

    With `spare_for` the kind of engine is imported before there is a model: a spare, which waits for one.
    """

    def __init__(self, in_fd: int, out_fd: int, spare_for: str | None = None) -> None:
        self._in_fd = in_fd
        self._spare_for = spare_for
        self._writer = EventWriter(out_fd)
        self._writer_thread = threading.Thread(target=self._writer.run, name="writer", daemon=True)
        self._first: Future[Load] = Future()
        self._loaded: Future[Desk] = Future()
        self._is_over = threading.Event()

    def run(self) -> int:
        """Serve until drained, stopped or left alone; return the exit status."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the gateway's to interpret
        signal.signal(signal.SIGTERM, self._terminate)
        self._writer_thread.start()
        for target in (self._read, self._beat):
            threading.Thread(target=target, name=target.__name__, daemon=True).start()
        status = self._serve()
        self._is_over.set()
        self._writer.close()
        self._writer_thread.join(GRACE_S)
        return status

    def _serve(self) -> int:
        if self._spare_for is not None:
            runners.get_ready(self._spare_for)
        command = self._first.result()
        log.configure(command.log)
        try:
            run, leave = self._prepared(command)
        except CorralError as error:
            self._writer.post([LoadFailed(error.report())])
            return 1
        try:
            run()
        finally:
            leave()
        return 0

    def _prepared(self, command: Load) -> tuple[Callable[[], None], Callable[[], None]]:
        """Load the model; return what runs it and what it does last. Raises `CorralError`."""
        if command.runner == "llama":
            self._prepare_library(command.engine)
        if command.engine.purpose == "generate":
            generating = runners.load(command, self._report_progress)
            return lambda: self._run_loop(generating, command), generating.leave
        embedding = embedding_runners.load(command, self._report_progress)
        return lambda: self._run_embedding_loop(embedding), embedding.leave

    def _run_embedding_loop(self, runner: EmbeddingRunner) -> None:
        clock = MonotonicClock()
        loop = EngineLoop(EmbeddingScheduler(runner, clock), self._writer.post, clock)
        intake = Intake(runner.vocabulary, runner.facts, clock, is_shiftable=False)
        inputs = InputIntake(intake, runner)
        self._loaded.set_result(Desk(loop, intake, self._writer.post, inputs=inputs))
        self._writer.post([Ready(runner.facts)])
        loop.run()

    def _run_loop(self, runner: Runner[Any], command: Load) -> None:
        clock = MonotonicClock()
        facts, is_grouped = runner.facts, command.engine.rope.group_n > 1
        taker = Taker(runner.fingerprint, facts.n_vocab, facts.n_ctx)
        tiers = make_tiers(command.engine, taker, is_trimmable=runner.is_trimmable)
        files = SlotFiles(taker, clock)

        def post(request_id: str, act: Callable[[], list[AnyEvent]]) -> None:
            loop.post(Deed(request_id, act))

        scheduler = Scheduler(runner, command.engine, clock, tiers, Arrivals(tiers, post))
        slots = SlotCalls(runner.memory, scheduler.ledger, files, post, clock)
        loop = EngineLoop(scheduler, self._writer.post, clock, slots.run)
        is_shiftable = is_window_sliding(command.engine, is_shiftable=runner.is_shiftable)
        projector = None if is_grouped else runner.projector  # self-extend groups the positions of text only
        intake = Intake(runner.vocabulary, facts, clock, is_shiftable=is_shiftable, projector=projector)
        state = StateCalls(facts, intake.standing, slots, post, is_grouped=is_grouped)
        self._loaded.set_result(Desk(loop, intake, self._writer.post, state=state))
        self._writer.post([Ready(facts)])
        try:
            loop.run()
            scheduler.ledger.rescue_idle()
        finally:
            files.close()
            tiers.close()

    def _prepare_library(self, settings: EngineSettings) -> None:
        """Say what llama.cpp must know before it is used, whatever for."""
        from corral.engine.llama import spin  # noqa: PLC0415 - the fake must not need llama.cpp

        spin.set_poll(settings)
        from corral.engine.llama import aborts  # noqa: PLC0415 - only now: it loads llama.cpp

        aborts.on_abort(self._tell_abort)

    def _tell_abort(self, sentence: str) -> None:
        """Say why the process ends, which it does next."""
        self._writer.post([LoadFailed(ModelLoadError(sentence).report())])
        self._writer.close()
        self._writer_thread.join(GRACE_S)

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
        self._loaded.result().take(command)

    # heartbeat thread

    def _beat(self) -> None:
        while not self._is_over.wait(HEARTBEAT_S):
            age_s = self._loaded.result().loop.step_age_s() if self._loaded.done() else 0.0
            self._writer.post([Heartbeat(age_s, rss_bytes())])


def main(spare_for: str | None = None) -> int:
    """Serve on standard input and output; whatever else prints goes to standard error."""
    in_fd, out_fd = os.dup(0), os.dup(1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    status = EngineProcess(in_fd, out_fd, spare_for).run()
    # Native threads of llama.cpp may still spin; there is nothing left to clean up.
    os._exit(status)
