from __future__ import annotations

import pytest

from corral.bench.errors import BenchError
from corral.bench.metric import METRICS
from corral.bench.scenario import Scenario, in_open_loop, parse_scenario
from corral.bench.workload import WORKLOADS, loads_of, workloads_named


def test_workloads_come_in_the_order_asked_for() -> None:
    assert [workload.name for workload in workloads_named(["W9", "W1"])] == ["W9", "W1"]


def test_an_unknown_workload_is_an_error_that_lists_the_known() -> None:
    with pytest.raises(BenchError, match=r"no workload W77; the workloads are W1, W2, W3, .*, W13"):
        workloads_named(["W1", "W77"])


def test_every_headline_is_a_metric() -> None:
    scenarios = [scenario for workload in WORKLOADS.values() for scenario in workload.scenarios]

    assert {scenario.headline for scenario in scenarios} <= set(METRICS)


def test_a_scenario_can_be_written() -> None:
    assert parse_scenario("8x128+64") == Scenario("8x128+64", n_streams=8, n_prompt=128, n_predict=64)


@pytest.mark.parametrize("text", ["", "8x128", "0x128+64", "8x128+0", "axb+c"])
def test_a_badly_written_scenario_is_an_error(text: str) -> None:
    with pytest.raises(BenchError, match="for instance 8x128"):
        parse_scenario(text)


def test_a_scenario_that_stands_beside_another_comes_after_it() -> None:
    for workload in WORKLOADS.values():
        names = [scenario.name for scenario in workload.scenarios]
        for scenario in workload.scenarios:
            assert not scenario.beside or scenario.beside in names[: names.index(scenario.name)]


def test_scenarios_wait_only_for_others_of_their_own_load() -> None:
    for load in loads_of(list(WORKLOADS)):
        names = {scenario.name for scenario in load}

        assert all(not each.waiting_of or each.waiting_of in names for each in load)
        assert load[0].begins_after == 0
        assert not all(each.is_background for each in load)


def test_names_of_scenarios_are_their_own() -> None:
    names = [scenario.name for load in loads_of(list(WORKLOADS)) for scenario in load]

    assert len(set(names)) == len(names)


def test_a_rate_makes_any_single_scenario_an_open_loop() -> None:
    ((scenario,),) = [in_open_loop((parse_scenario("8x128+64"),), 2.0, None)]

    assert (scenario.arrivals.rate, scenario.arrivals.duration_s) == (2.0, 30.0)
    assert scenario.arrivals.is_poisson


def test_a_duration_alone_changes_the_workloads_own() -> None:
    (load,) = loads_of(["W3"])

    (changed,) = in_open_loop(load, None, 5.0)

    assert (changed.arrivals.rate, changed.arrivals.duration_s) == (load[0].arrivals.rate, 5.0)


@pytest.mark.parametrize(
    ("name", "rate", "sentence"),
    [("W6", 1.0, "a course of its own"), ("W5", 1.0, "a course of its own"), ("W1", None, "needs --rate")],
)
def test_a_rate_that_cannot_be_is_an_error(name: str, rate: float | None, sentence: str) -> None:
    load = loads_of([name])[-1]

    with pytest.raises(BenchError, match=sentence):
        in_open_loop(load, rate, 3.0)
