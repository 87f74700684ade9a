"""The sockets that the server listens on: addresses of networks, and UNIX sockets in the file system."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import stat
from types import TracebackType
from typing import Self

from corral.core.settings import ServerSettings

# Connections that wait for the server to take them.
BACKLOG = 2048
_ANY_V6 = "::"


class CannotListenError(OSError):
    """An address cannot be had; the text is llama-server's, and the reason after it."""


class Listeners:
    """The bound sockets of `--host` and `--port`; leaving closes them and removes those in the file system.

    `names` are what to show: (host, port) of a network, (path, None) of a UNIX socket. With port 0 the first
    address gets any free one and the others get the same. Raises CannotListenError.
    """

    def __init__(self, server: ServerSettings) -> None:
        self.sockets: list[socket.socket] = []
        self.names: list[tuple[str, int | None]] = []
        self._server = server
        self._port = server.port
        hosts = server.host.split(",")
        for host in hosts:
            try:
                self._open(host, is_alone=len(hosts) == 1)
            except OSError as error:
                self.close()
                raise CannotListenError(
                    f"couldn't bind HTTP server socket, hostname: {host}, port: {self._port}: "
                    f"{error.strerror or error}"
                ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give all of them up."""
        for listener, (path, port) in zip(self.sockets, self.names, strict=True):
            listener.close()
            if port is None:
                with contextlib.suppress(OSError):
                    os.unlink(path)  # noqa: PTH108 - as it was bound
        self.sockets, self.names = [], []

    def _open(self, host: str, *, is_alone: bool) -> None:
        if host.endswith(".sock"):
            self._add(_unix(host), host, None)
            return
        is_dual = is_alone and host == _ANY_V6 and socket.has_dualstack_ipv6()
        listener = _network(host, self._port, is_dual=is_dual, is_shared=self._server.is_port_shared)
        self._port = listener.getsockname()[1]
        self._add(listener, host, self._port)

    def _add(self, listener: socket.socket, name: str, port: int | None) -> None:
        self.sockets.append(listener)
        self.names.append((name, port))


def _network(host: str, port: int, *, is_dual: bool, is_shared: bool) -> socket.socket:
    """Return a listening socket on the first address of `host` that can be had. Raises `OSError`."""
    fault = OSError("it has no address")
    for family, _, _, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        try:
            return socket.create_server(
                address, family=family, backlog=BACKLOG, reuse_port=is_shared, dualstack_ipv6=is_dual
            )
        except OSError as error:
            fault = error
        except ValueError as error:  # the system shares no ports
            fault = OSError(str(error))
    raise fault


def _unix(path: str) -> socket.socket:
    """Return a listening socket at `path`, in place of one that a dead server has left. Raises `OSError`."""
    if not hasattr(socket, "AF_UNIX"):
        raise OSError("this system has no UNIX sockets")
    if _is_left_over(path):
        os.unlink(path)  # noqa: PTH108
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(path)
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def _is_left_over(path: str) -> bool:
    """Tell whether there is a socket at `path` that nobody listens on.

    One that may not be asked, or whose server is too busy to answer, is somebody's.
    """
    try:
        if not stat.S_ISSOCK(os.stat(path).st_mode):  # noqa: PTH116
            return False
    except OSError:
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        return probe.connect_ex(path) == errno.ECONNREFUSED
