"""What can go wrong while measuring: one sentence for the person at the terminal."""

from __future__ import annotations

from corral.core.errors import CorralError


class BenchError(CorralError):
    """The measurement cannot be made; the message says why and, where it can, what to do."""

    code = "bench"


class UnreachableError(BenchError):
    """Nothing can be asked of the server: no connection, or no agreement on TLS."""

    code = "bench_unreachable"


class StatusError(BenchError):
    """The server answered with another status than 200. Fact: `status`."""

    code = "bench_status"
