"""Why a well-formed value of one option is refused: each check returns a sentence, or None for "fine"."""

from __future__ import annotations

from collections.abc import Callable

from corral.config.kinds import Value


def not_positive(value: Value) -> str | None:
    """Refuse zero."""
    return None if value else "invalid value (0 makes no sense here)"


def no_slots(value: Value) -> str | None:
    """Refuse zero slots in llama-server's words."""
    return "error: invalid value for n_parallel" if value == 0 else None


def no_host_tier(value: Value) -> str | None:
    """Refuse any size but 0 as long as prefixes are kept in the KV cache only."""
    return None if value == 0 else "Corral keeps prefixes in the KV cache only, so far; 0 is accepted"


def no_single_address(value: Value) -> str | None:
    """Refuse what is not one address of a network."""
    host = str(value or "")
    if not host or "," in host:
        return "invalid value (one address is needed)"
    return "Corral does not listen on UNIX sockets yet" if host.endswith(".sock") else None


def only_on(reason: str) -> Callable[[Value], str | None]:
    """Return a check that refuses to switch off what Corral always does."""

    def check(value: Value) -> str | None:
        return None if value else f"Corral cannot switch this off: {reason}"

    return check
