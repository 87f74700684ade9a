"""Why a well-formed value of one option is refused: each check returns a sentence, or None for "fine"."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from corral.config.kinds import Value


def not_positive(value: Value) -> str | None:
    """Refuse zero."""
    return None if value else "invalid value (0 makes no sense here)"


def no_slots(value: Value) -> str | None:
    """Refuse zero slots in llama-server's words."""
    return "error: invalid value for n_parallel" if value == 0 else None


def no_key(value: Value) -> str | None:
    """Refuse what no header can carry, such as a key with the end of its line. The key is not repeated."""
    is_good = value is None or all("!" <= character <= "~" for character in str(value))
    return None if is_good else "invalid value (a key has no spaces, line ends or letters beyond ASCII)"


def no_addresses(value: Value) -> str | None:
    """Refuse a list of addresses with an empty one, which would mean every network to a socket."""
    hosts = str(value or "").split(",")
    return None if all(hosts) else "invalid value (an address is empty)"


def no_dir(value: Value) -> str | None:
    """Refuse what is no folder, in llama-server's words."""
    return None if value is None or Path(str(value)).is_dir() else f"not a directory: {value}"


def no_file(value: Value) -> str | None:
    """Refuse what is no file."""
    return None if value is None or Path(str(value)).is_file() else f"there is no file {value}"


def no_chunk_reuse(value: Value) -> str | None:
    """Refuse any size but 0."""
    reason = "KV that is moved behind other text was computed for a different one, so answers would change"
    return None if value == 0 else f"Corral reuses prefixes, and no chunks: {reason}; 0 is accepted"


def only_off(reason: str) -> Callable[[Value], str | None]:
    """Return a check that refuses to switch on what Corral does not do."""

    def check(value: Value) -> str | None:
        return reason if value else None

    return check


def only(accepted: Value, reason: str) -> Callable[[Value], str | None]:
    """Return a check that refuses every value but the one that asks for nothing."""

    def check(value: Value) -> str | None:
        return None if value == accepted else f"{reason} ({accepted} is accepted)"

    return check
