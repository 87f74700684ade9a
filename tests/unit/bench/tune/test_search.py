from __future__ import annotations

import asyncio
import io
from collections.abc import Callable

import msgspec
import pytest
from rich.console import Console

from corral.bench.errors import BenchError
from corral.bench.scenario import Scenario
from corral.bench.tune.choice import Surety
from corral.bench.tune.coordinate import START, Coordinate, coordinates
from corral.bench.tune.search import flags_of, search
from corral.bench.tune.summary import build_table, sentences

LOAD = (Scenario("load", 1, 8, 8),)
SPEED = "throughput_tok_s"
THREADS = Coordinate("threads", ({}, {"-t": "1"}, {"-t": "2"}), LOAD, SPEED)
SLOTS = Coordinate("parallel", ({"-np": "1", "-c": "9"}, {"-np": "8", "-c": "72"}), LOAD, SPEED)


class FakeMachine:
    """Runs at `speed` of the flags, in `n_turns` measurements at the most; keeps the flags it was given.

    Where `is_busy` of the flags and of how often they were measured before, it refuses 2 of 5 requests.
    """

    def __init__(
        self,
        run,
        speed: Callable[[dict[str, str]], float],
        n_turns: int = 100,
        is_busy: Callable[[dict[str, str], int], bool] = lambda *_: False,
    ) -> None:
        self._run = run
        self._speed = speed
        self._n_turns = n_turns
        self._is_busy = is_busy
        self.asked: list[dict[str, str]] = []

    async def measure(self, flags, _load):
        n_failed = 2 if self._is_busy(flags, self.asked.count(flags)) else 0
        failures = {"busy": n_failed} if n_failed else {}
        run = msgspec.structs.replace(self._run, n_requests=5, n_failed=n_failed, failures=failures)
        self.asked.append(dict(flags))
        speed = self._speed(flags)
        return [[msgspec.structs.replace(run, throughput_tok_s=each)] for each in (speed, speed * 1.01)]

    def search(self, *found: Coordinate):
        steps = []
        asyncio.run(
            search(
                found,
                self.measure,
                steps=steps,
                has_time=lambda: len(self.asked) < self._n_turns,
                tell=lambda *_: None,
            )
        )
        return steps


@pytest.fixture
def machine(run_at):
    return lambda speed, **options: FakeMachine(run_at(100), speed, **options)


def refuse(sentence: str) -> float:
    raise BenchError(sentence)


def test_each_coordinate_is_tried_beside_what_was_taken_before(machine) -> None:
    fake = machine(lambda flags: 100 + 50 * (flags.get("-t") == "2") + 20 * (flags["-np"] == "8"))

    steps = fake.search(THREADS, SLOTS)

    assert flags_of(steps) == {"-t": "2", "-np": "8", "-c": "72"}
    assert fake.asked[0] == START
    assert all(flags["-t"] == "2" for flags in fake.asked[-4:])


def test_the_taken_and_its_rival_are_measured_again(machine) -> None:
    fake = machine(lambda flags: 150 if flags.get("-t") == "2" else 100)

    (step,) = fake.search(THREADS)

    assert [flags.get("-t") for flags in fake.asked] == [None, "1", "2", None, "2"]
    assert [len(trial.values) for trial in step.trials] == [4, 2, 4]
    assert step.choice.surety is Surety.CLEAR


def test_a_gain_that_does_not_come_again_is_not_clear(machine) -> None:
    speeds = iter([100, 100, 150, 150, 100])

    (step,) = machine(lambda _: next(speeds)).search(THREADS)

    assert step.choice.surety is not Surety.CLEAR


def test_what_was_not_tried_whole_is_not_recommended(machine) -> None:
    fake = machine(lambda flags: 150 if flags.get("-t") == "1" else 100, n_turns=6)

    steps = fake.search(THREADS, SLOTS)

    assert flags_of(steps) == {"-t": "1"}
    assert [step.is_cut for step in steps] == [False, True]
    assert "parallel: not every candidate was measured, so none is recommended." in sentences(steps, ["m"])


def test_a_choice_that_could_not_be_measured_again_is_told(machine) -> None:
    fake = machine(lambda flags: 150 if flags.get("-t") == "1" else 100, n_turns=3)

    steps = fake.search(THREADS)

    assert flags_of(steps) == {"-t": "1"}
    assert "threads: the time was over before the choice was measured again." in sentences(steps, ["m"])


def test_the_first_candidate_is_measured_however_little_time_there_is(machine) -> None:
    fake = machine(lambda _: 100, n_turns=0)

    steps = fake.search(THREADS, SLOTS)

    assert [len(step.trials) for step in steps] == [1, 0]
    assert flags_of(steps) == {}


def test_a_candidate_that_does_not_run_is_told_and_not_taken(machine) -> None:
    steps = machine(lambda flags: refuse("no memory") if "-t" in flags else 100).search(THREADS)

    console = Console(file=io.StringIO(), width=120)
    console.print(build_table(steps))
    assert flags_of(steps) == {}
    assert "no memory" in console.file.getvalue()


def test_a_candidate_that_refuses_requests_is_told_and_not_taken_however_fast(machine) -> None:
    fake = machine(
        lambda flags: 150 if flags.get("-t") == "1" else 100, is_busy=lambda flags, _: flags.get("-t") == "1"
    )

    (step,) = fake.search(THREADS)

    assert step.trials[1].failure == "4 of 10 requests failed; most often: busy."
    assert flags_of([step]) == {}


def test_a_winner_that_refuses_requests_when_measured_again_is_not_taken(machine) -> None:
    fake = machine(
        lambda flags: 150 if flags.get("-t") == "1" else 100,
        is_busy=lambda flags, n_before: flags.get("-t") == "1" and n_before > 0,
    )

    (step,) = fake.search(THREADS)

    assert len(fake.asked) == 5
    assert flags_of([step]) == {}


def test_where_every_candidate_failed_that_is_told(machine) -> None:
    fake = machine(lambda flags: refuse("no memory") if flags["-np"] in {"1", "8"} else 100)

    steps = fake.search(THREADS, SLOTS)

    assert "parallel: no candidate could be measured, so none is recommended." in sentences(steps, ["m"])


def test_requests_that_must_run_together_get_their_slots_whatever_was_settled(machine) -> None:
    one_slot = Coordinate("parallel", ({"-np": "1", "-c": "2048"}, {"-np": "2", "-c": "4096"}), LOAD, SPEED)
    together = Coordinate("gaps", ({}, {"--max-itl-ms": "50"}), LOAD, SPEED, n_slots=3)
    fake = machine(lambda _: 100)

    steps = fake.search(one_slot, together)

    assert [flags["-np"] for flags in fake.asked] == ["1", "2", "3", "3"]
    assert [int(flags["-c"]) // int(flags["-np"]) for flags in fake.asked] == [2048] * 4
    assert flags_of(steps) == {"-np": "1", "-c": "2048"}


def test_a_bound_is_measured_with_a_slot_for_each_of_its_streams() -> None:
    bounded = [coordinate for coordinate in coordinates(2, 0.25) if coordinate.limit]

    assert bounded
    assert all(each.n_slots == sum(scenario.n_streams for scenario in each.load) for each in bounded)


def test_if_not_even_the_first_server_runs_the_search_ends(machine) -> None:
    with pytest.raises(BenchError, match="no such file"):
        machine(lambda _: refuse("no such file")).search(THREADS)


def test_the_command_line_leaves_the_context_to_its_user(machine) -> None:
    steps = machine(lambda flags: float(flags["-np"])).search(SLOTS)

    told = list(sentences(steps, ["-m", "my model.gguf", "-ctk", "q8_0"]))

    assert told[-2:] == [
        "Use: corral serve -m 'my model.gguf' -ctk q8_0 -np 8",
        "Its sequences share the context: with -np give -c as many times the longest chat.",
    ]


@pytest.mark.parametrize(("n_cores", "expected"), [(1, ["1"]), (2, ["1", "2"]), (6, ["1", "2", "4", "6"])])
def test_threads_are_tried_up_to_all_cores(n_cores: int, expected: list[str]) -> None:
    threads = coordinates(n_cores, 0.25)[0]

    assert [each["-t"] for each in threads.candidates if each] == expected


def test_every_candidate_has_room_for_its_load() -> None:
    for coordinate in coordinates(2, 0.25):
        longest = max(each.n_prompt + each.n_predict for each in coordinate.load)
        for candidate in coordinate.candidates:
            flags = {**START, **candidate}
            assert int(flags["-c"]) // int(flags["-np"]) >= longest
