from __future__ import annotations

import asyncio
import json
import threading

import pytest

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


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--url", "http://127.0.0.1:1"], "Cannot reach A at http://127.0.0.1:1"),
        (["--url", "http://a", "--workload", "W13", "--model", "m"], "W13 two, 1 client each needs 2 models"),
        (["--url", "nowhere"], "'nowhere' is not a base URL"),
        (["--url", "http://127.0.0.1:1", "--workload", "W0"], "There is no workload W0"),
        (["--url", "http://a", "--vs", "http://b", "--names", "A"], "--names takes a name for each server"),
        (["--url", "http://a", "--vs", "http://b", "--names", "A,A"], "Two targets are called 'A'"),
    ],
)
def test_a_failure_is_one_sentence_and_status_1(arguments: list[str], sentence: str, capsys) -> None:
    assert main(arguments) == 1

    captured = capsys.readouterr()
    assert captured.err.startswith("corral bench: ")
    assert captured.err.count("\n") == 1
    assert sentence in captured.err
    assert captured.out == ""


def test_no_rounds_at_all_are_refused(capsys) -> None:
    with pytest.raises(SystemExit):
        main(["--url", "http://127.0.0.1:1", "--rounds", "0"])

    assert "must be 1 or more" in capsys.readouterr().err
