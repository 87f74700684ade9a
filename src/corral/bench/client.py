"""One client of one scenario: sends a request, waits for its answer, tells what became of it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable

import msgspec

from corral.bench.connection import open_exchange
from corral.bench.errors import BenchError, StatusError, UnreachableError
from corral.bench.outcome import Failure, Outcome
from corral.bench.recorder import StreamRecorder, Trace
from corral.bench.script import Line, Script, Which
from corral.bench.settings import LoadSettings
from corral.bench.target import Target


class Caller(msgspec.Struct, frozen=True):
    """Whom to ask, what, and how: all that the clients of one scenario have in common."""

    target: Target
    script: Script
    settings: LoadSettings


async def ask(
    caller: Caller,
    which: Which,
    *,
    due_s: float | None = None,
    ready: Callable[[], Awaitable[object]] | None = None,
    on_events: Callable[[int], None] | None = None,
) -> Outcome:
    """Send one request and return its outcome.

    Args:
        caller: whom to ask what.
        which: the client and which of its requests, both counted from 0.
        due_s: when it was to be sent; None: when it is, once connected.
        ready: awaited between connecting and sending.
        on_events: told how many events with tokens have come, each time that more have.

    Raises:
        UnreachableError: in closed loop nobody is there, so that measuring on is useless.
    """
    line = caller.script.line(which)
    request = caller.target.request_bytes(caller.settings.dialect.path, line.body)
    recorder = StreamRecorder(caller.settings.dialect.first_token, is_kept=caller.script.is_kept)
    began_s = time.perf_counter() if due_s is None else due_s
    try:
        async with asyncio.timeout(caller.settings.timeout_s):
            trace = await _exchange(caller.target, request, recorder, ready, on_events)
    except TimeoutError:
        reason = f"no final event within {caller.settings.timeout_s:g} s"
        return _outcome(line, began_s, failure=_failure(reason))
    except UnreachableError as error:
        if due_s is None:
            raise
        return _outcome(line, began_s, failure=_failure(error.message))
    except StatusError as error:
        failure = _failure(error.message, int(error.facts["status"]))
        return _outcome(line, began_s, failure=failure)
    except BenchError as error:
        return _outcome(line, began_s, failure=_failure(error.message))
    caller.script.hear(which, trace)
    due_s = trace.sent_s if due_s is None else due_s
    slim = msgspec.structs.replace(trace, body=b"")
    return _outcome(line, due_s, trace=slim)


async def _exchange(
    target: Target,
    request: bytes,
    recorder: StreamRecorder,
    ready: Callable[[], Awaitable[object]] | None,
    on_events: Callable[[int], None] | None,
) -> Trace:
    def receive_and_tell(body: bytes, now_s: float) -> None:
        recorder.receive(body, now_s)
        assert on_events is not None
        on_events(recorder.n_events)

    receive = recorder.receive if on_events is None else receive_and_tell
    with contextlib.closing(await open_exchange(target, receive)) as exchange:
        if ready is not None:
            await ready()
        return recorder.finish(await exchange.send(request))


def _failure(reason: str, status: int | None = None) -> Failure:
    """Return a failure of this moment."""
    return Failure(reason, time.perf_counter(), status)


def _outcome(
    line: Line, due_s: float, *, trace: Trace | None = None, failure: Failure | None = None
) -> Outcome:
    return Outcome(
        due_s,
        line.n_predict,
        n_sent=line.n_sent,
        n_history=line.n_history,
        trace=trace,
        failure=failure,
    )
