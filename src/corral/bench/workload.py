"""What is asked of a server: workloads by name, each made of loads.

A workload answers one question of the benchmark table in the engine's design. docs/how-to/bench.md says what
each is for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import msgspec

from corral.bench.arrival import Arrivals
from corral.bench.errors import BenchError
from corral.bench.scenario import Load, Scenario


class Workload(msgspec.Struct, frozen=True):
    """A named question and the loads that answer it, one after another."""

    name: str
    title: str
    loads: tuple[Load, ...]

    @property
    def scenarios(self) -> tuple[Scenario, ...]:
        """All scenarios in the order of the loads."""
        return tuple(scenario for load in self.loads for scenario in load)


def _each(*scenarios: Scenario) -> tuple[Load, ...]:
    """Return loads of one scenario each."""
    return tuple((scenario,) for scenario in scenarios)


_W1 = Workload(
    "W1",
    "single stream: decode and prefill",
    _each(
        Scenario("W1 decode", 1, 32, 256, headline="decode_tok_s"),
        Scenario("W1 prefill", 1, 1024, 1, n_repeats=2, headline="prefill_tok_s"),
    ),
)
_W2 = Workload(
    "W2",
    "8 and 32 clients, distinct prompts",
    _each(Scenario("W2 8 clients", 8, 128, 128), Scenario("W2 32 clients", 32, 128, 96)),
)
_W3 = Workload(
    "W3",
    "mixed lengths in open loop: people who come when they like",
    _each(
        Scenario(
            "W3 mixed",
            1,
            1024,
            256,
            prompt_from=32,
            predict_from=16,
            arrivals=Arrivals(rate=0.5, duration_s=60),
            headline="ttft_p95_s",
        )
    ),
)


def _system_prompt(n_streams: int) -> Scenario:
    name = "W4 1 client" if n_streams == 1 else f"W4 {n_streams} clients"
    return Scenario(
        name,
        n_streams,
        8,
        16,
        n_shared=1000,
        is_cached=True,
        headline="ttft_p95_s",
        beside="" if n_streams == 1 else "W4 1 client",
    )


_W4 = Workload(
    "W4", "clients together with one 1,000-token system prompt", _each(*map(_system_prompt, (1, 16, 32)))
)
_W5 = Workload(
    "W5",
    "24 chats of 4 turns on 8 sequences: what of their history comes from the cache",
    _each(
        Scenario(
            "W5 chats", 8, 96, 48, n_repeats=12, n_chats=3, is_cached=True, headline="history_cached_share"
        )
    ),
)
_W6 = Workload(
    "W6",
    "a 4,000-token prompt arrives while 4 streams run",
    (
        (Scenario("W6 4 streams alone", 4, 32, 128, headline="gap_p95_s"),),
        (
            Scenario(
                "W6 4 streams",
                4,
                32,
                384,
                headline="gap_p95_s",
                beside="W6 4 streams alone",
                waiting_of="W6 long prompt",
            ),
            Scenario("W6 long prompt", 1, 4000, 8, headline="ttft_p50_s", begins_after=32),
        ),
    ),
)
_W7 = Workload(
    "W7",
    "JSON of a schema beside free text, 1 and 8 clients",
    _each(
        Scenario("W7 text, 1 client", 1, 32, 256, n_repeats=2),
        Scenario("W7 JSON, 1 client", 1, 32, 256, n_repeats=2, is_json=True, beside="W7 text, 1 client"),
        Scenario("W7 text, 8 clients", 8, 32, 256),
        Scenario("W7 JSON, 8 clients", 8, 32, 256, is_json=True, beside="W7 text, 8 clients"),
    ),
)
_W8 = Workload(
    "W8",
    "one model in memory, two in turn: first token after a swap, and a chat that is opened again",
    _each(
        Scenario("W8 loaded", 1, 16, 8, n_repeats=4, headline="ttft_p50_s"),
        Scenario("W8 swapped", 1, 16, 8, n_repeats=4, headline="ttft_p50_s", beside="W8 loaded", n_models=2),
        Scenario(
            "W8 chats, swapped",
            1,
            512,
            8,
            n_repeats=4,
            headline="history_cached_share",
            n_models=2,
            n_chats=2,
            is_cached=True,
        ),
    ),
)
_W9 = Workload(
    "W9",
    "overhead: a tiny model, 1 and 32 streams",
    _each(
        Scenario("W9 1 stream", 1, 16, 512, n_repeats=4, headline="decode_tok_s"),
        Scenario("W9 32 streams", 32, 16, 512),
    ),
)
_ONCE_A_SECOND = Arrivals(rate=1.0, duration_s=12, is_poisson=False)


def _modest(name: str, beside: str = "") -> Scenario:
    return Scenario(name, 1, 32, 16, arrivals=_ONCE_A_SECOND, headline="ttft_p95_s", beside=beside, key=1)


_W10 = Workload(
    "W10",
    "one key floods, another sends one request a second",
    (
        (_modest("W10 modest key alone"),),
        (
            _modest("W10 modest key", beside="W10 modest key alone"),
            Scenario("W10 flooding key", 32, 64, 64, is_background=True),
        ),
    ),
)
_W11 = Workload(
    "W11",
    "a text that is to be repeated, with drafts and without",
    _each(
        Scenario(
            "W11 without drafts", 1, 160, 192, is_quoting=True, is_drafted=False, headline="decode_tok_s"
        ),
        Scenario(
            "W11 drafts", 1, 160, 192, is_quoting=True, headline="decode_tok_s", beside="W11 without drafts"
        ),
    ),
)


def _long(n_prompt: int) -> Scenario:
    beside = "" if n_prompt == 1024 else "W12 1k"
    return Scenario(f"W12 {n_prompt // 1024}k", 1, n_prompt, 64, headline="decode_tok_s", beside=beside)


_W12 = Workload(
    "W12",
    "long sequences: decode and prefill behind 1k to 16k tokens",
    _each(*(_long(1024 * n) for n in (1, 2, 4, 8, 16))),
)
_W13 = Workload(
    "W13",
    "two models busy at once beside one alone",
    _each(
        Scenario("W13 alone, 1 client", 1, 32, 192),
        Scenario("W13 two, 1 client each", 2, 32, 192, beside="W13 alone, 1 client", n_models=2),
        Scenario("W13 alone, 4 clients", 4, 32, 96),
        Scenario("W13 two, 4 clients each", 8, 32, 96, beside="W13 alone, 4 clients", n_models=2),
    ),
)
_ALL = (_W1, _W2, _W3, _W4, _W5, _W6, _W7, _W8, _W9, _W10, _W11, _W12, _W13)
WORKLOADS: Mapping[str, Workload] = MappingProxyType({each.name: each for each in _ALL})


def workloads_named(names: Sequence[str]) -> tuple[Workload, ...]:
    """Return the workloads in the order of `names`.

    Raises:
        BenchError: a name is unknown; the message lists the known ones.
    """
    unknown = [name for name in names if name not in WORKLOADS]
    if unknown:
        raise BenchError(
            f"There is no workload {', '.join(unknown)}; the workloads are {', '.join(WORKLOADS)}."
        )
    return tuple(WORKLOADS[name] for name in names)


def loads_of(names: Sequence[str]) -> list[Load]:
    """Return the loads of the named workloads, one after another.

    Raises:
        BenchError: as of `workloads_named`.
    """
    return [load for workload in workloads_named(names) for load in workload.loads]
