from __future__ import annotations

import asyncio
import json
import threading

import pytest

from corral.bench.arguments import build_parser, check_tuning
from corral.bench.command import main


@pytest.fixture
def url(fake_server):
    """Return the base URL of a well-behaved server that runs beside the command's own event loop."""
    ready = threading.Event()
    loop = asyncio.new_event_loop()
    urls: list[str] = []

    async def serve() -> None:
        async with fake_server().listening() as target:
            urls.append(target.url)
            stopped = asyncio.Event()
            stops.append(stopped)
            ready.set()
            await stopped.wait()

    stops: list[asyncio.Event] = []
    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    ready.wait()
    yield urls[0]
    loop.call_soon_threadsafe(stops[0].set)
    thread.join()
    loop.close()


def test_two_servers_give_a_table_and_a_file(url: str, tmp_path, capsys) -> None:
    out = tmp_path / "out.json"

    options = ["--scenario", "2x4+8", "--rounds", "2", "--names", "Corral,llama-server", "--json", str(out)]
    status = main(["--url", url, "--vs", url, *options])

    assert status == 0
    assert "2x4+8" in capsys.readouterr().out
    (result,) = json.loads(out.read_text())["results"]
    assert [target["name"] for target in result["targets"]] == ["Corral", "llama-server"]
    assert [len(target["runs"]) for target in result["targets"]] == [2, 2]
    assert result["targets"][0]["runs"][0]["n_predicted"] == 16


def test_a_second_url_is_a_second_server_and_a_report_is_written(url: str, tmp_path, capsys) -> None:
    out = tmp_path / "out.html"

    options = ["--scenario", "1x4+8", "--rounds", "1", "--ttft-ms", "60000", "--itl-ms", "60000"]
    status = main(["--url", url, "--url", url, *options, "--html", str(out)])

    assert status == 0
    assert "goodput, of all requests [%]" in capsys.readouterr().out
    assert out.read_text().count("<svg") == 3


def test_a_name_in_brackets_is_a_name(url: str, capsys) -> None:
    options = ["--scenario", "1x4+8", "--rounds", "1", "--names", "[/INST]"]

    status = main(["--url", url, *options])

    assert status == 0
    assert "[/INST]" in capsys.readouterr().out


def test_a_rate_makes_an_open_loop_of_which_the_seed_is_written_down(url: str, tmp_path) -> None:
    out = tmp_path / "out.json"

    options = ["--scenario", "1x8+2", "--rounds", "1", "--rate", "100", "--duration", "0.2", "--seed", "7"]
    status = main(["--url", url, *options, "--json", str(out)])

    document = json.loads(out.read_text())
    assert status == 0
    assert document["facts"]["seed"] == "7"
    assert document["facts"]["arrivals a second"] == "100"
    (run,) = document["results"][0]["targets"][0]["runs"]
    assert run["n_requests"] == len(run["requests"]) > 5


def test_what_was_measured_before_a_failure_is_kept(url: str, tmp_path, capsys) -> None:
    out = tmp_path / "out.json"

    options = ["--scenario", "1x8+2", "--scenario", "500x1+2", "--rounds", "1", "--json", str(out)]
    status = main(["--url", url, *options])

    assert status == 1
    assert "There are not enough different prompts of 1 tokens" in capsys.readouterr().err
    assert [each["scenario"]["name"] for each in json.loads(out.read_text())["results"]] == ["1x8+2"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--url", "http://127.0.0.1:1"], "Cannot reach A at http://127.0.0.1:1"),
        (["--url", "http://a", "--workload", "W13", "--model", "m"], "W13 two, 1 client each needs 2 models"),
        (["--url", "nowhere"], "'nowhere' is not a base URL"),
        (["--url", "http://127.0.0.1:1", "--workload", "W0"], "There is no workload W0"),
        (["--url", "http://a", "--vs", "http://b", "--names", "A"], "--names takes a name for each server"),
        (["--url", "http://a", "--vs", "http://b", "--names", "A,A"], "Two targets are called 'A'"),
        (["--url", "http://a", "--url", "http://b", "--vs", "http://c"], "--url takes one server, or two"),
        (["--url", "http://a", "--workload", "W10"], "W10 modest key alone needs 2 API keys"),
        (["--url", "http://a", "--workload", "W6", "--rate", "2"], "has a course of its own"),
    ],
)
def test_a_failure_is_one_sentence_and_status_1(arguments: list[str], sentence: str, capsys) -> None:
    assert main(arguments) == 1

    captured = capsys.readouterr()
    assert captured.err.startswith("corral bench: ")
    assert captured.err.count("\n") == 1
    assert sentence in captured.err
    assert captured.out == ""


@pytest.mark.parametrize("words", [[], ["--url", "http://a", "--tune", "m.gguf"]])
def test_one_of_url_and_tune_is_needed(words: list[str]) -> None:
    with pytest.raises(SystemExit):
        main(words)


@pytest.mark.parametrize(
    "words",
    [
        ["--vs", "http://b"],
        ["--names", "C,D"],
        ["--api", "chat"],
        ["--model", "m"],
        ["--api-key", "k"],
        ["--insecure"],
        ["--timeout", "5"],
        ["--workload", "W2"],
        ["--scenario", "1x8+2"],
        ["--rate", "2"],
        ["--duration", "2"],
        ["--sampled"],
        ["--text-prompts"],
        ["--ttft-ms", "100"],
        ["--html", "out.html"],
        ["--plot", "out.png"],
    ],
)
def test_what_means_nothing_beside_tune_is_refused(words: list[str], capsys) -> None:
    assert main(["--tune", "m.gguf", *words]) == 1

    assert capsys.readouterr().err == f"corral bench: {words[0]} means nothing beside --tune.\n"


def test_what_tuning_needs_is_taken() -> None:
    numbers = ["--rounds", "5", "--seed", "7", "--itl-ms", "90", "--tune-minutes", "3"]

    arguments = build_parser().parse_args(["--tune", "m.gguf", *numbers, "--tune-flags", "-ctk 'q8_0'"])

    check_tuning(arguments)
    assert arguments.tune_flags == ["-ctk", "q8_0"]


def test_an_open_quote_in_flags_is_told(capsys) -> None:
    with pytest.raises(SystemExit):
        main(["--tune", "m.gguf", "--tune-flags", "-a 'b"])

    assert "has an open quote" in capsys.readouterr().err


@pytest.mark.parametrize("flag", ["--rate", "--duration", "--ttft-ms", "--itl-ms", "--timeout"])
@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf"])
def test_amounts_are_above_zero(flag: str, value: str, capsys) -> None:
    with pytest.raises(SystemExit):
        main(["--url", "http://127.0.0.1:1", f"{flag}={value}"])

    assert "must be more than 0" in capsys.readouterr().err


def test_no_rounds_at_all_are_refused(capsys) -> None:
    with pytest.raises(SystemExit):
        main(["--url", "http://127.0.0.1:1", "--rounds", "0"])

    assert "must be 1 or more" in capsys.readouterr().err
