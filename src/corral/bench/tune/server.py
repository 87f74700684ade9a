"""A `corral serve` of our own for one candidate: started, waited for, measured, ended."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from corral.bench.errors import BenchError
from corral.bench.target import Target

_HOST = "127.0.0.1"
# A model of some gigabytes from a slow disk; the small ones are ready within seconds.
_READY_TIMEOUT_S = 300.0
_STOP_TIMEOUT_S = 20.0
_POLL_S = 0.1
# The reason stands in the last lines, not always in the very last.
_N_LINES = 3


@contextlib.asynccontextmanager
async def serving(command: Sequence[str], words: Sequence[str]) -> AsyncIterator[Target]:
    """Run `command` with `words` and an address of its own; yield it once it is ready, end it afterwards.

    Raises:
        BenchError: it ended, or was not ready in time; the last lines that it wrote are part of the sentence.
    """
    port = _free_port()
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        with log.open("wb") as output:
            # A session of its own: an interruption is ours to answer, and the server is ended in order.
            process = await asyncio.create_subprocess_exec(
                *command,
                *words,
                *("--host", _HOST, "--port", str(port)),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            await _wait_until_ready(process, port, log)
            yield Target("candidate", _HOST, port)
        finally:
            await _stop(process)


async def _wait_until_ready(process: asyncio.subprocess.Process, port: int, log: Path) -> None:
    try:
        async with asyncio.timeout(_READY_TIMEOUT_S):
            while not await _is_healthy(port):
                if process.returncode is not None:
                    raise BenchError(_ending(process.returncode, log))
                await asyncio.sleep(_POLL_S)  # nothing tells a client that a server begins to listen
    except TimeoutError as error:
        raise BenchError(f"A server was not ready after {_READY_TIMEOUT_S:g} s.") from error


def _ending(status: int, log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    last = f" Its last words: {' / '.join(lines[-_N_LINES:])}" if lines else ""
    return f"A server ended with status {status}.{last}"


async def _is_healthy(port: int) -> bool:
    try:
        reader, writer = await asyncio.open_connection(_HOST, port)
    except OSError:
        return False
    with contextlib.closing(writer):
        writer.write(b"GET /health HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n" % _HOST.encode())
        try:
            line = await reader.readline()
        except ConnectionError:
            return False
    return line.split(b" ")[1:2] == [b"200"]


async def _stop(process: asyncio.subprocess.Process) -> None:
    """Ask the server to end, and end it if it does not."""
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(_STOP_TIMEOUT_S):
            await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind((_HOST, 0))
        port: int = listener.getsockname()[1]
        return port
