"""The key of another server is shown nowhere, and where that server is only where it is asked for."""

import msgspec

from corral.core.model_definition import ModelDefinition
from corral.core.settings import RemoteSettings, Settings
from corral.gateway.remote.target import target_of

KEY = "sk-of-the-other-server"


def test_settings_that_are_printed_hold_no_key():
    remote = RemoteSettings(base_url="http://far.example", api_key=KEY)
    definition = ModelDefinition(name="other", settings=Settings(remote=remote))

    shown = f"{definition} {definition.settings!r} {target_of(definition)!r}"

    assert "far.example" in shown
    assert KEY not in shown


def test_no_list_of_models_holds_a_key_or_an_address(remote):
    lists = [
        remote.get(path).text for path in ("/v1/models", "/v1/models/other", "/props", "/slots", "/metrics")
    ]

    assert "other" in lists[0]
    assert all(KEY not in text and "far.example" not in text for text in lists)


def test_it_is_listed_as_one_that_is_loaded(remote):
    remote.models.details["other"] = {"format": "remote", "n_bytes": 0}

    reply = remote.get("/v1/models").json()

    found = {one["id"]: one["status"]["value"] for one in reply["data"]}
    assert found["other"] == "loaded"
    assert [one["details"]["format"] for one in reply["models"] if one["name"] == "other"] == ["remote"]


def test_a_view_of_it_can_be_written_as_json(remote):
    shown = msgspec.json.encode(remote.models.view("other")).decode()

    assert '"state":"remote"' in shown
    assert KEY not in shown
