"""A server under measurement as a child process: start it, wait for it, stop it, read its CPU time."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

# A model of some gigabytes from a slow disk; the small ones are ready within seconds.
_READY_TIMEOUT_S = 300.0
_STOP_TIMEOUT_S = 20.0
_HOST = "127.0.0.1"


class Process(NamedTuple):
    """A row of proc_pid_stat(5). `ticks` are CPU time, its own and that of its children that have ended."""

    pid: int
    ppid: int
    start: int
    ticks: int


class ServerProcess:
    """One running server.

    It leads a session of its own, so that Ctrl-C reaches this script first. Its workers may lead sessions of
    their own too; they are found as its descendants.
    """

    def __init__(self, name: str, command: Sequence[str], log: Path) -> None:
        self.name = name
        self.port = _free_port()
        self.log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [*command, "--host", _HOST, "--port", str(self.port)],
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def url(self) -> str:
        """The base URL."""
        return f"http://{_HOST}:{self.port}"

    def wait_until_ready(self) -> None:
        """Return once `/health` answers 200.

        Raises:
            SystemExit: the server ended, or is not ready in time; the end of its log is shown.
        """
        deadline_s = time.monotonic() + _READY_TIMEOUT_S
        while not _is_healthy(self.port):
            if ending := self.ending():
                self._give_up(ending)
            if time.monotonic() > deadline_s:
                self._give_up(f"{self.name} was not ready after {_READY_TIMEOUT_S:g} s.")
            time.sleep(0.2)

    def ending(self) -> str:
        """Return how the server ended, as a sentence; empty while it runs."""
        status = self._process.poll()
        return "" if status is None else f"{self.name} ended with status {status}."

    def stop(self) -> list[Process]:
        """Ask the server to end, make it and its workers end if they do not, and return those."""
        family = self.family()
        if self._process.poll() is None:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_STOP_TIMEOUT_S)
        # Same number and same start: a process of the family, not a stranger that was given its number since.
        alive = {(each.pid, each.start) for each in _processes()}
        left = [member for member in family if (member.pid, member.start) in alive]
        for member in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(member.pid, signal.SIGKILL)
        self._process.kill()
        self._process.wait()
        return left

    def cpu_s(self) -> float | None:
        """Return the processor time of the server and its workers so far; None where /proc does not tell."""
        family = self.family()
        return sum(each.ticks for each in family) / os.sysconf("SC_CLK_TCK") if family else None

    def family(self) -> list[Process]:
        """Return the server, which is first, and its descendants."""
        processes = _processes()
        family = [each for each in processes if each.pid == self._process.pid]
        for member in family:  # grows while it is walked: children follow their parents
            family.extend(each for each in processes if each.ppid == member.pid)
        return family

    def _give_up(self, sentence: str) -> None:
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:]
        self.stop()
        raise SystemExit("\n".join([f"{sentence} Its last lines:", *lines]))


def _processes() -> list[Process]:
    """Return all processes of the machine; none where there is no /proc."""
    return list(_read_processes())


def _read_processes() -> Iterator[Process]:
    for stat in Path("/proc").glob("[0-9]*/stat"):
        # A process may end between the listing and the reading.
        with contextlib.suppress(OSError):
            # The fields after the command's name; the first is field 3, the state.
            fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            yield Process(
                pid=int(stat.parent.name),
                ppid=int(fields[1]),
                start=int(fields[19]),
                ticks=sum(int(number) for number in fields[11:15]),
            )


def _is_healthy(port: int) -> bool:
    connection = http.client.HTTPConnection(_HOST, port, timeout=5)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind((_HOST, 0))
        port: int = listener.getsockname()[1]
        return port
