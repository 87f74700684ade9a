"""What goes wrong on the way to another server, as errors that name the model and no secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

from corral.core import log
from corral.core.errors import BadGatewayError, CorralError, GatewayTimeoutError

if TYPE_CHECKING:
    import httpx

    from corral.gateway.remote.target import Target

CONNECT_S = 10.0

_log = log.get("gateway.remote")


def failure(target: Target, error: httpx.HTTPError) -> CorralError:
    """Return what a client is told of `error`, and log what else an administrator should know."""
    import httpx  # noqa: PLC0415 - whoever has an error has it; who serves no remote model does without

    # Only these texts are shown: that of a bad header repeats the header, and with it the key.
    is_shown = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout) and str(error)
    reason = f"{type(error).__name__}: {error}" if is_shown else type(error).__name__
    _log.warning("remote.failed", model=target.name, base_url=target.base_url, reason=reason)
    whose = _whose(target)
    match error:
        case httpx.ConnectTimeout():
            return GatewayTimeoutError(f"{whose} takes no connection within {CONNECT_S:g} s")
        case httpx.TimeoutException():
            return GatewayTimeoutError(f"{whose} was silent for {target.timeout_s:g} s")
        case httpx.ConnectError():
            return BadGatewayError(f"{whose} cannot be reached")
        case _:
            return BadGatewayError(f"{whose} broke off the connection")


def refusal(target: Target, status: int) -> CorralError | None:
    """Return what a client is told instead of an answer with this status, None for one that is passed on.

    Whoever asks has shown a key here: that ours is refused there is not for clients to mend, and the answer
    may repeat it. A client that followed a redirect would go to that server by itself.
    """
    if status in (401, 407):
        reason = "asks for a key" if target.api_key is None else "does not accept Corral's key"
        error = BadGatewayError(f"{_whose(target)} {reason}; --proxy-key names one")
    elif 300 <= status < 400:
        error = BadGatewayError(f"{_whose(target)} says that it is elsewhere ({status}); see --proxy-url")
    else:
        return None
    _log.warning("remote.refused", model=target.name, base_url=target.base_url, status=status)
    return error


def _whose(target: Target) -> str:
    return f"The server that runs the model '{target.name}'"
