from __future__ import annotations

import asyncio
import functools

import msgspec
import pytest

from corral.bench.arrival import Arrivals
from corral.bench.dialect import DIALECTS
from corral.bench.errors import BenchError
from corral.bench.load import run_load
from corral.bench.prompt import PromptSource
from corral.bench.scenario import Scenario
from corral.bench.settings import LoadSettings
from corral.bench.target import Target

SETTINGS = LoadSettings(dialect=DIALECTS["completion"], timeout_s=5.0)
SCENARIO = Scenario("small", n_streams=3, n_prompt=2, n_predict=4, n_repeats=2)
BUSY = b"HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nwait"


def run_all(fake, *load: Scenario, settings: LoadSettings = SETTINGS):
    """Return the measurements of the load's scenarios."""

    async def run():
        async with fake.listening() as target:
            return await run_load(target, load, PromptSource(range(100)), settings, seed="a")

    return asyncio.run(run())


def run_on(fake, scenario: Scenario = SCENARIO, **settings):
    (run,) = run_all(fake, scenario, settings=msgspec.structs.replace(SETTINGS, **settings))
    return run


def bodies(fake):
    return [body for _, body in fake.requests]


def test_every_prompt_is_sent_once_and_counted(fake_server) -> None:
    fake = fake_server()

    run = run_on(fake)

    assert len({tuple(body["prompt"]) for body in bodies(fake)}) == 6
    assert (run.n_requests, run.n_failed, len(run.requests), run.n_predicted, run.n_short) == (6, 0, 6, 24, 0)
    assert all(request.n_prompt == 2 for request in run.requests)


def test_short_answers_are_counted(fake_server) -> None:
    fake = fake_server(lambda *_: fake_server.chunked(fake_server.native_events(3)))

    assert run_on(fake).n_short == 6


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (BUSY, "the server answered 503: wait"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nda", "cut the stream"),
        (b'HTTP/1.1 200 OK\r\n\r\ndata: {"content":"a","stop":false}\n\n', "without a final event"),
        (b'HTTP/1.1 200 OK\r\n\r\ndata: {"error":{"message":"no memory"}}\n\n', "no memory"),
        (b"", "closed the connection without an answer"),
        (b"hello\r\n\r\n", "does not speak HTTP/1.1"),
    ],
)
def test_when_every_stream_fails_the_first_says_why(fake_server, answer: bytes, sentence: str) -> None:
    with pytest.raises(BenchError, match=rf"A at http://127.0.0.1:\d+: .*{sentence}"):
        run_on(fake_server(lambda *_: answer))


def test_failures_beside_answers_are_counted_with_their_reasons(fake_server) -> None:
    good = fake_server.chunked(fake_server.native_events(4))
    answers = iter([good, BUSY, b"", good, BUSY, good])

    run = run_on(fake_server(lambda *_: next(answers)))

    assert (run.n_requests, run.n_failed, run.n_refused, len(run.requests)) == (6, 3, 2, 3)
    assert run.failures == {
        "the server answered 503: wait": 2,
        "the server closed the connection without an answer": 1,
    }


def test_a_run_lasts_until_its_last_request_has_failed(fake_server) -> None:
    def answer(*_) -> bytes:
        fake.is_silent = True  # from the second request on
        return fake_server.chunked(fake_server.native_events(4))

    fake = fake_server(answer)

    run = run_on(fake, Scenario("two", 1, 2, 4, n_repeats=2), timeout_s=0.5)

    assert (run.n_requests, run.n_failed) == (2, 1)
    assert run.wall_s >= 0.5


def test_silence_ends_after_the_timeout(fake_server) -> None:
    with pytest.raises(BenchError, match=r"no final event within 0\.05 s"):
        run_on(fake_server(is_silent=True), timeout_s=0.05)


def test_nobody_there_is_an_error_with_the_address() -> None:
    nowhere = Target("A", "127.0.0.1", 1)

    with pytest.raises(BenchError, match=r"^Cannot reach A at http://127\.0\.0\.1:1: "):
        asyncio.run(run_load(nowhere, (SCENARIO,), PromptSource(range(100)), SETTINGS, seed="a"))


def test_one_stream_takes_the_models_in_turn(fake_server) -> None:
    fake = fake_server()

    run_on(fake, Scenario("swap", 1, 1, 2, n_repeats=4, n_models=2), models=("x", "y"))

    assert [body["model"] for body in bodies(fake)] == ["x", "y", "x", "y"]


def test_each_of_two_streams_keeps_to_its_model(fake_server) -> None:
    fake = fake_server()

    run_on(fake, Scenario("both", 2, 1, 2, n_repeats=3, n_models=2), models=("x", "y"))

    assert sorted(body["model"] for body in bodies(fake)) == ["x"] * 3 + ["y"] * 3


def test_a_scenario_of_one_model_asks_the_first_and_no_name_is_no_field(fake_server) -> None:
    named, unnamed = fake_server(), fake_server()

    run_on(named, Scenario("one", 1, 1, 2), models=("x", "y"))
    run_on(unnamed, Scenario("one", 1, 1, 2))

    assert (bodies(named)[0]["model"], "model" in bodies(unnamed)[0]) == ("x", False)


def test_a_system_prompt_is_shared_in_a_repeat_and_another_in_the_next(fake_server) -> None:
    fake = fake_server()

    run_on(fake, Scenario("shared", 4, 3, 2, n_repeats=2, n_shared=10, is_cached=True))

    assert len({tuple(body["prompt"][:10]) for body in bodies(fake)}) == 2
    assert len({tuple(body["prompt"]) for body in bodies(fake)}) == 8
    assert all(len(body["prompt"]) == 13 and body["cache_prompt"] for body in bodies(fake))


def test_a_chat_holds_what_was_said_in_it_and_no_other(fake_server) -> None:
    fake = fake_server()

    run = run_on(fake, Scenario("chats", 1, 5, 2, n_repeats=6, n_chats=2, is_cached=True))

    first, other, second, _, third, _ = (body["prompt"] for body in bodies(fake))
    assert (len(first), len(second), len(third)) == (5, 12, 19)
    assert second[:7] == [*first, 9, 9]
    assert third[:12] == second
    assert other[:5] != first
    assert [request.n_history for request in run.requests] == [0, 0, 7, 7, 14, 14]
    assert run.history_cached_share == 0.0


def test_each_chat_keeps_to_its_model(fake_server) -> None:
    fake = fake_server()

    run_on(fake, Scenario("chats", 1, 5, 2, n_repeats=4, n_chats=2, n_models=2), models=("x", "y"))

    assert [body["model"] for body in bodies(fake)] == ["x", "y", "x", "y"]


def test_chats_of_openais_api_go_on_in_words(fake_server) -> None:
    def answer(_path, _body) -> bytes:
        usage = b'{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2}}'
        events = [b'{"choices":[{"text":"yes"}]}', b'{"choices":[{"text":" no"}]}', usage, b"[DONE]"]
        return fake_server.chunked([b"data: %s\n\n" % event for event in events])

    fake = fake_server(answer)
    scenario = Scenario("chats", 1, 2, 2, n_repeats=2, n_chats=1)

    run_on(fake, scenario, dialect=DIALECTS["openai"])

    first, second = (body["prompt"] for body in bodies(fake))
    assert second.startswith(f"{first} yes no ")


def test_in_open_loop_each_arrival_is_asked_once_whatever_the_streams(fake_server) -> None:
    fake = fake_server()
    scenario = Scenario("open", 1, 4, 2, arrivals=Arrivals(200.0, 0.05, is_poisson=False))

    run = run_on(fake, scenario)

    assert run.n_requests == len(fake.requests) == 10
    assert all(request.late_s > 0 for request in run.requests)


def test_in_open_loop_nobody_at_all_is_an_error() -> None:
    nowhere = Target("A", "127.0.0.1", 1)
    scenario = Scenario("open", 1, 4, 2, arrivals=Arrivals(200.0, 0.05, is_poisson=False))

    with pytest.raises(BenchError, match="Cannot reach A"):
        asyncio.run(run_load(nowhere, (scenario,), PromptSource(range(100)), SETTINGS, seed="a"))


def test_mixed_lengths_stay_within_their_ends(fake_server) -> None:
    fake = fake_server()

    run_on(fake, Scenario("mixed", 8, 64, 16, n_repeats=4, prompt_from=4, predict_from=2))

    lengths = [len(body["prompt"]) for body in bodies(fake)]
    assert 4 <= min(lengths) < 16 < max(lengths) <= 64
    assert {body["n_predict"] for body in bodies(fake)} <= set(range(2, 17))


def test_a_background_goes_on_until_the_others_are_done(fake_server) -> None:
    fake = fake_server()
    calm = Scenario("calm", 1, 4, 2, n_repeats=5, key=1)
    flood = Scenario("flood", 3, 4, 2, is_background=True)

    run, flooding = run_all(
        fake, calm, flood, settings=msgspec.structs.replace(SETTINGS, api_keys=("loud", "quiet"))
    )

    assert run.n_requests == fake.keys.count("quiet") == 5
    assert flooding.n_requests <= fake.keys.count("loud")
    assert set(fake.keys) == {"quiet", "loud"}


def test_a_background_that_is_always_refused_is_no_error(fake_server) -> None:
    def answer(_path, body) -> bytes:
        return BUSY if body["n_predict"] == 3 else fake_server.chunked(fake_server.native_events(2))

    calm = Scenario("calm", 1, 4, 2, n_repeats=5)
    flood = Scenario("flood", 2, 4, 3, is_background=True)

    run, flooding = run_all(fake_server(answer), calm, flood)

    assert run.n_failed == 0
    assert flooding.n_failed == flooding.n_refused == flooding.n_requests


def test_a_scenario_that_begins_later_waits_for_tokens_of_every_stream(fake_server) -> None:
    seen = []
    answer = functools.partial(answer_and_note, fake_server, seen)
    streams = Scenario("streams", 2, 4, 6, waiting_of="late")
    late = Scenario("late", 1, 9, 2, begins_after=3)

    runs = run_all(fake_server(answer), streams, late)

    assert seen == [4, 4, 9]
    assert [run.n_failed for run in runs] == [0, 0]


def answer_and_note(fake_server, seen, _path, body) -> bytes:
    seen.append(len(body["prompt"]))
    return fake_server.chunked(fake_server.native_events(body["n_predict"]))


def test_streams_that_fail_keep_nobody_waiting(fake_server) -> None:
    def answer(_path, body) -> bytes:
        return BUSY if len(body["prompt"]) == 4 else fake_server.chunked(fake_server.native_events(2))

    streams, late = Scenario("streams", 2, 4, 6), Scenario("late", 1, 9, 2, begins_after=3)

    with pytest.raises(BenchError, match="503: wait"):
        run_all(fake_server(answer), streams, late)


def test_drafts_can_be_asked_to_stay_away(fake_server) -> None:
    fake = fake_server()

    run_on(fake, Scenario("plain", 1, 20, 2, is_quoting=True, is_drafted=False))
    run_on(fake, Scenario("drafted", 1, 20, 2, is_quoting=True))

    assert [body.get("speculative.n_max") for body in bodies(fake)] == [0, None]
    assert all(body["prompt"].startswith("Repeat the text") for body in bodies(fake))
