"""What the log is asked to keep of requests, over a real engine process."""

import json
import logging

import pytest
import yaml

from corral.core.errors import InvalidRequestError, SettingsError
from corral.core.request import GenerationRequest
from corral.core.sampling import SamplingParams
from corral.core.settings import LogSettings
from corral.gateway.door import Door
from corral.gateway.recording import recorder


@pytest.fixture
def serve(loaded, run):
    """Run requests through a door that records as `settings` say; return the texts of their answers."""

    def serve_requests(settings, *requests):
        async def main():
            async with loaded() as gateway:
                door = Door(
                    "model",
                    lambda: gateway.supervisor.workers.get("model"),
                    max_queue=9,
                    recorder=recorder(LogSettings(**settings)),
                )
                return [await text(door, request) for request in requests]

        return run(main())

    return serve_requests


async def text(door, request):
    try:
        async with door.generate(request) as generation:
            items = [item async for item in generation]
    except InvalidRequestError:
        return None
    return "".join(item.text for item in items[1:])


def test_a_run_is_written_down(serve, tmp_path):
    folder = tmp_path / "runs" / "today"
    request = GenerationRequest(
        request_id="a/../b",
        prompt=["Once ", [65, 66]],
        max_tokens=4,
        caller="key-secret",
        sampling=SamplingParams(top_k=7),
    )

    (answer,) = serve({"runs_dir": str(folder)}, request)

    (file,) = folder.iterdir()
    run = yaml.safe_load(file.read_text())
    assert file.suffix == ".yml"
    assert run["request_id"] == "a/../b"
    assert run["prompt"] == ["Once ", [65, 66]]
    assert run["parameters"]["sampling"]["top_k"] == 7
    assert run["parameters"]["sampling"]["min_p"] == SamplingParams().min_p
    assert run["parameters"]["max_tokens"] == 4
    assert run["outputs"][0]["text"] == answer
    assert run["outputs"][0]["end"]["n_predicted"] == 4
    assert run["outputs"][0]["end"]["reason"] == "length"
    assert "secret" not in file.read_text()


def test_a_refused_run_is_written_with_its_error(serve, tmp_path):
    serve({"runs_dir": str(tmp_path)}, GenerationRequest(request_id="a", prompt=[[9999]]))

    (file,) = tmp_path.iterdir()
    assert yaml.safe_load(file.read_text())["error"] == "Prompt contains invalid tokens"


def test_prompts_are_written_each_into_its_file(serve, tmp_path):
    requests = [
        GenerationRequest(request_id="a", prompt=["Once upon ", "é"], max_tokens=1),
        GenerationRequest(request_id="b", prompt=["x", [65]], max_tokens=1),
    ]

    serve({"prompts_dir": str(tmp_path)}, *requests)

    texts = {file.name.rpartition("-")[2]: file.read_text() for file in tmp_path.iterdir()}
    assert texts["a.txt"] == "Once upon é"
    assert json.loads(texts["b.txt"]) == ["x", [65]]


def test_prompts_and_their_tokens_are_logged_when_asked_for(serve, caplog):
    request = GenerationRequest(request_id="a", prompt=["hi"], max_tokens=1)

    with caplog.at_level(logging.INFO):
        serve({"has_prompts": True}, request)
        serve({}, request)

    fields = [record.fields for record in caplog.records if record.name == "corral.gateway.prompt"]
    assert [field.get("text") for field in fields] == ["hi", None, None, None]
    assert [(field["id"], field["piece"]) for field in fields[1:]] == [
        (256, "<bos>"),
        (104, "h"),
        (105, "i"),
    ]


def test_a_folder_that_cannot_be_made_ends_the_start(tmp_path):
    file = tmp_path / "file"
    file.touch()

    with pytest.raises(SettingsError, match=r"^--logdir"):
        recorder(LogSettings(runs_dir=str(file / "runs")))


def test_nothing_asked_for_nothing_recorded():
    assert recorder(LogSettings()) is None
    assert recorder(LogSettings(has_prompts=True, is_enabled=False)) is None
