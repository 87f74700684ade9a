"""One load by itself: some clients that behave alike, and what is measured of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeAlias

import msgspec

from corral.bench.arrival import Arrivals
from corral.bench.errors import BenchError


class Scenario(msgspec.Struct, frozen=True):
    """`n_streams` clients at once; each sends `n_repeats` requests, one after another.

    headline: the metric that this scenario is about.
    beside: the scenario of the same measurement that the headline is compared with.

    What is asked:
        n_prompt, n_predict: tokens of each; `prompt_from`, `predict_from`: the least of them where lengths
            are mixed, then they are drawn with evenly spread logarithms.
        n_shared: tokens before the prompt that are the same for all clients, and others in every repeat.
        n_chats: chats that a client keeps, taking their turns in rotation; every request of a chat holds what
            was said in it. 0: no request continues another.
        is_json: answers keep to the schema of `structure.RECORDS`.
        is_quoting: the prompt is a text of words to be repeated, so that drafts from the prompt can succeed.
        is_drafted: False asks the server to leave out drafts (`speculative.n_max`).
        is_cached: the server may answer from its prefix cache.
        n_models: requests go to as many models in turn, so streams of that number keep to one each, and a
            single stream changes the model with every request.
        key: which of the API keys is sent, counted from 0.

    When it is asked:
        arrivals: open loop; `n_streams` and `n_repeats` mean nothing then.
        begins_after: begin when each stream of the load's first scenario has had so many events with tokens.
        is_background: go on until the other scenarios of the load are done, then leave.

    waiting_of: count only gaps that lie in the time in which that scenario waits for its first tokens.
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
    prompt_from: int | None = None
    predict_from: int | None = None
    n_shared: int = 0
    n_chats: int = 0
    is_quoting: bool = False
    is_drafted: bool = True
    is_cached: bool = False
    key: int = 0
    arrivals: Arrivals | None = None
    begins_after: int = 0
    is_background: bool = False
    waiting_of: str = ""

    @property
    def n_requests(self) -> int:
        """Requests of one run in closed loop, all streams together."""
        return self.n_streams * self.n_repeats


Load: TypeAlias = tuple[Scenario, ...]
"""Scenarios that run at the same time; each has figures of its own."""

_SCENARIO = re.compile(r"(\d+)x(\d+)\+(\d+)")


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


def in_open_loop(load: Load, rate: float | None, duration_s: float | None) -> Load:
    """Return the load with Poisson arrivals at another rate or for another time; as it is if both are None.

    Raises:
        BenchError: its requests depend on each other, so that they cannot arrive at any time.
    """
    if rate is None and duration_s is None:
        return load
    scenario = load[0]
    if len(load) > 1 or scenario.n_chats:
        raise BenchError(f"{scenario.name} has a course of its own: --rate and --duration cannot change it.")
    return (msgspec.structs.replace(scenario, arrivals=_changed(scenario, rate, duration_s)),)


def _changed(scenario: Scenario, rate: float | None, duration_s: float | None) -> Arrivals:
    own = scenario.arrivals
    if own is None and rate is None:
        raise BenchError(f"{scenario.name} is no open loop: --duration needs --rate.")
    default_s = own.duration_s if own else 30.0
    return Arrivals(
        rate=rate or (own.rate if own else 1.0),
        duration_s=duration_s or default_s,
        is_poisson=own.is_poisson if own else True,
    )


def brief(load: Load) -> Load:
    """Return what warms a server for this load: few tokens, no waiting, each model asked once."""
    return tuple(_brief(scenario) for scenario in load)


# Enough to fault the model's pages in and to start every slot, and short beside a measured run.
_N_PREDICT_WARMING = 4
_N_PROMPT_WARMING = 1024
_N_STREAMS_WARMING_OPEN = 4


def _brief(scenario: Scenario) -> Scenario:
    n_streams = _N_STREAMS_WARMING_OPEN if scenario.arrivals else scenario.n_streams
    return msgspec.structs.replace(
        scenario,
        n_streams=n_streams,
        n_repeats=-(-scenario.n_models // n_streams),
        n_prompt=min(scenario.n_prompt, _N_PROMPT_WARMING),
        n_predict=min(scenario.n_predict, _N_PREDICT_WARMING),
        prompt_from=None,
        predict_from=None,
        n_chats=0,
        arrivals=None,
        begins_after=0,
        is_background=False,
        waiting_of="",
    )


def check_needs(loads: Sequence[Load], *, n_models: int, n_keys: int) -> None:
    """Raise BenchError if a scenario needs more models or API keys than are named."""
    for scenario in (each for load in loads for each in load):
        if scenario.n_models > max(n_models, 1):
            raise BenchError(
                f"{scenario.name} needs {scenario.n_models} models: name them by --model NAME,NAME."
            )
        if scenario.key >= max(n_keys, 1):
            raise BenchError(
                f"{scenario.name} needs {scenario.key + 1} API keys: give --api-key as many times."
            )
