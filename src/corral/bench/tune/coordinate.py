"""What is tried: one flag, or a few that belong together, at a time."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from corral.bench.scenario import Load, Scenario

Flags = Mapping[str, str]
"""Flags of `corral serve` and their values."""

# Each sequence has room for the longest request of a load.
_N_CTX_EACH = 2048
_N_SLOTS_FIRST = 4


def _slots(n: int) -> Flags:
    return {"-np": str(n), "-c": str(_N_CTX_EACH * n)}


START = _slots(_N_SLOTS_FIRST)
"""What the first servers run with, before a number of slots is known to be good."""


class Limit(msgspec.Struct, frozen=True):
    """A metric of a scenario that must not be above `most_s`, whatever the aim gains."""

    scenario: int
    field: str
    most_s: float


class Coordinate(msgspec.Struct, frozen=True):
    """Candidates for some flags, the preferred ones first, and the load that tells them apart.

    The aim is `field` of the load's scenario number `scenario`. A later candidate must be better by more than
    noise. An empty one is what the server chooses by itself. Servers have `n_slots` at the least, whatever
    was settled: with fewer a load whose requests must run together would measure how long they queue.
    """

    name: str
    candidates: tuple[Flags, ...]
    load: Load
    field: str
    scenario: int = 0
    limit: Limit | None = None
    n_slots: int = 1


def with_slots(flags: Flags, n_slots: int) -> Flags:
    """Return the flags with as many slots at the least, and room in each new one."""
    if int(flags["-np"]) >= n_slots:
        return flags
    return {**flags, **_slots(n_slots)}


def coordinates(n_cores: int, itl_s: float) -> tuple[Coordinate, ...]:
    """Return what to try on a machine of `n_cores`, in this order.

    `itl_s` is how long a running stream may wait for a token while another's prompt is read.
    """
    return (
        Coordinate(
            "threads",
            ({}, *({"-t": str(n)} for n in _doubling(n_cores))),
            (Scenario("one request", 1, 256, 32, n_repeats=2),),
            "throughput_tok_s",
        ),
        Coordinate(
            "batch sizes",
            ({}, *({"-b": str(max(n, 512)), "-ub": str(n)} for n in (128, 256, 1024))),
            (Scenario("a prompt", 1, 1024, 1, n_repeats=2),),
            "prefill_tok_s",
        ),
        Coordinate(
            "parallel",
            tuple(_slots(n) for n in (1, 2, 4, 8, 16, 32)),
            (Scenario("many clients", 32, 48, 24),),
            "throughput_tok_s",
        ),
        Coordinate(
            "bound on gaps",
            ({}, *({"--max-itl-ms": str(ms)} for ms in (50, 100, 500, 1000))),
            (
                Scenario("streams", 2, 32, 128, waiting_of="long prompt"),
                Scenario("long prompt", 1, 1536, 1, begins_after=8),
            ),
            "ttft_p50_s",
            scenario=1,
            limit=Limit(0, "gap_p95_s", itl_s),
            n_slots=3,
        ),
    )


def _doubling(most: int) -> list[int]:
    """Return 1, 2, 4, ... and `most` itself."""
    return sorted({most, *(2**power for power in range(most.bit_length()) if 2**power <= most)})
