"""What is asked of a server: workloads by name, each made of scenarios.

A workload answers one question of the benchmark table in the engine's design; a scenario is one load that is
run and measured by itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import msgspec

from corral.bench.errors import BenchError


class Scenario(msgspec.Struct, frozen=True):
    """`n_streams` clients at once; each sends `n_repeats` requests, one after another.

    `headline` names the metric that this scenario is about. `is_json`: answers keep to the schema of
    `structure.RECORDS`. `beside` names the scenario of the same run that the headline is compared with.
    `n_models`: requests go to as many models in turn, so streams of that number keep to one each, and a
    single stream changes the model with every request.
    """

    name: str
    n_streams: int
    n_prompt: int
    n_predict: int
    n_repeats: int = 1
    headline: str = "throughput_tok_s"
    is_json: bool = False
    beside: str = ""
    n_models: int = 1

    @property
    def n_requests(self) -> int:
        """Requests of one run, all streams together."""
        return self.n_streams * self.n_repeats


class Workload(msgspec.Struct, frozen=True):
    """A named question and the scenarios that answer it."""

    name: str
    title: str
    scenarios: tuple[Scenario, ...]


_W1 = Workload(
    "W1",
    "single stream: decode and prefill",
    (
        Scenario("W1 decode", 1, 32, 256, headline="decode_tok_s"),
        Scenario("W1 prefill", 1, 1024, 1, n_repeats=2, headline="prefill_tok_s"),
    ),
)
_W2 = Workload(
    "W2",
    "8 and 32 clients, distinct prompts",
    (Scenario("W2 8 clients", 8, 128, 128), Scenario("W2 32 clients", 32, 128, 96)),
)
_W7 = Workload(
    "W7",
    "JSON of a schema beside free text, 1 and 8 clients",
    (
        Scenario("W7 text, 1 client", 1, 32, 256, n_repeats=2),
        Scenario("W7 JSON, 1 client", 1, 32, 256, n_repeats=2, is_json=True, beside="W7 text, 1 client"),
        Scenario("W7 text, 8 clients", 8, 32, 256),
        Scenario("W7 JSON, 8 clients", 8, 32, 256, is_json=True, beside="W7 text, 8 clients"),
    ),
)
_W8 = Workload(
    "W8",
    "one model in memory, two in turn: first token after a swap",
    (
        Scenario("W8 loaded", 1, 16, 8, n_repeats=4, headline="ttft_p50_s"),
        Scenario("W8 swapped", 1, 16, 8, n_repeats=4, headline="ttft_p50_s", beside="W8 loaded", n_models=2),
    ),
)
_W9 = Workload(
    "W9",
    "overhead: a tiny model, 1 and 32 streams",
    (
        Scenario("W9 1 stream", 1, 16, 512, n_repeats=4, headline="decode_tok_s"),
        Scenario("W9 32 streams", 32, 16, 512),
    ),
)
_W13 = Workload(
    "W13",
    "two models busy at once beside one alone",
    (
        Scenario("W13 alone, 1 client", 1, 32, 192),
        Scenario("W13 two, 1 client each", 2, 32, 192, beside="W13 alone, 1 client", n_models=2),
        Scenario("W13 alone, 4 clients", 4, 32, 96),
        Scenario("W13 two, 4 clients each", 8, 32, 96, beside="W13 alone, 4 clients", n_models=2),
    ),
)
_ALL = (_W1, _W2, _W7, _W8, _W9, _W13)
WORKLOADS: Mapping[str, Workload] = MappingProxyType({each.name: each for each in _ALL})

_SCENARIO = re.compile(r"(\d+)x(\d+)\+(\d+)")


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


def parse_scenario(text: str) -> Scenario:
    """Return the scenario written as `STREAMSxPROMPT+PREDICT`, such as `8x128+64`.

    Raises:
        BenchError: the text has another shape, or a number is zero.
    """
    match = _SCENARIO.fullmatch(text)
    counts = [int(digits) for digits in match.groups()] if match else []
    if not all(counts) or not counts:
        raise BenchError(
            f"The scenario {text!r} is not of the shape STREAMSxPROMPT+PREDICT, for instance 8x128+64."
        )
    n_streams, n_prompt, n_predict = counts
    return Scenario(text, n_streams, n_prompt, n_predict)
