from __future__ import annotations

import pytest

from corral.bench.errors import BenchError
from corral.bench.metric import METRICS
from corral.bench.prompt import draw_prompts
from corral.bench.workload import WORKLOADS, Scenario, parse_scenario, workloads_named


def test_workloads_come_in_the_order_asked_for() -> None:
    assert [workload.name for workload in workloads_named(["W9", "W1"])] == ["W9", "W1"]


def test_an_unknown_workload_is_an_error_that_lists_the_known() -> None:
    with pytest.raises(BenchError, match="no workload W77; the workloads are W1, W2, W7, W8, W9, W13"):
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


def test_prompts_are_distinct_and_repeat_by_seed() -> None:
    prompts = draw_prompts(range(1000), 32, 16, "a")

    assert len({tuple(prompt) for prompt in prompts}) == 32
    assert all(len(prompt) == 16 for prompt in prompts)
    assert prompts == draw_prompts(range(1000), 32, 16, "a")
    assert prompts != draw_prompts(range(1000), 32, 16, "b")


def test_without_a_vocabulary_prompts_are_words() -> None:
    (prompt,) = draw_prompts(None, 1, 5, "a")

    assert isinstance(prompt, str)
    assert len(prompt.split()) == 5
