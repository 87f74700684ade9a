"""POST /slots/{id_slot}?action=save|restore|erase."""

from __future__ import annotations

import pytest

from corral.core.caller import caller_of_key
from corral.core.errors import AuthenticationError, InvalidRequestError
from corral.core.settings import ServerSettings


@pytest.fixture
def saving(make_client, tmp_path):
    return make_client(server=ServerSettings(slot_save_dir=str(tmp_path)))


def test_save_tells_tokens_bytes_and_time(saving, door, tmp_path):
    reply = saving.post("/slots/1?action=save", {"filename": "chat.bin"})

    assert reply.json() == {
        "id_slot": 1,
        "filename": "chat.bin",
        "n_saved": 22,
        "n_written": 1234,
        "timings": {"save_ms": 1.5},
    }
    assert door.state.calls == [("save", 1, str(tmp_path / "chat.bin"), "")]


def test_restore_tells_the_same_and_says_for_whom(door, make_client, tmp_path):
    server = ServerSettings(slot_save_dir=str(tmp_path), api_keys=("key",))
    client = make_client(server=server)

    reply = client.post(
        "/slots/0?action=restore", {"filename": "chat.bin"}, headers={"Authorization": "Bearer key"}
    )

    assert reply.json() == {
        "id_slot": 0,
        "filename": "chat.bin",
        "n_restored": 22,
        "n_read": 1234,
        "timings": {"restore_ms": 1.5},
    }
    (name, slot, path, caller) = door.state.calls[0]
    assert (name, slot, path, len(caller)) == ("restore", 0, str(tmp_path / "chat.bin"), 16)


def test_erase_needs_no_body(saving, door):
    assert saving.post("/slots/1?action=erase").json() == {"id_slot": 1, "n_erased": 22}
    assert door.state.calls == [("erase", 1, "")]


@pytest.mark.parametrize("action", ["save", "restore", "erase"])
def test_without_a_folder_nothing_is_served(client, refused, action):
    error = refused(
        client.post(f"/slots/0?action={action}", {"filename": "f"}),
        "This server does not support slots action. Start it with `--slot-save-path`",
        status=501,
    )

    assert error["type"] == "not_supported_error"


@pytest.mark.parametrize("slot", ["2", "-1", "abc", "1.5", "0x1", "99999999999999999999", "٣", "%20"])
def test_a_slot_that_there_is_not_is_refused(saving, refused, door, slot):
    error = refused(saving.post(f"/slots/{slot}?action=erase"), "Invalid slot ID")

    assert error["type"] == "invalid_request_error"
    assert door.state.calls == []


@pytest.mark.parametrize("query", ["", "?action=", "?action=delete", "?action=SAVE"])
def test_another_action_is_refused(saving, refused, query):
    refused(saving.post(f"/slots/0{query}", {"filename": "f"}), "Invalid action")


@pytest.mark.parametrize("action", ["save", "restore"])
@pytest.mark.parametrize("body", [{}, {"filename": ""}, {"filename": "../x"}, {"filename": None}])
def test_a_name_that_leads_elsewhere_is_refused(saving, refused, door, action, body):
    refused(saving.post(f"/slots/0?action={action}", body), "Invalid filename")

    assert door.state.calls == []


def test_a_name_that_is_no_text_is_refused(saving, refused):
    refused(saving.post("/slots/0?action=save", {"filename": 7}), "'filename'")


def test_what_the_engine_refuses_is_a_bad_request(saving, door, refused):
    door.state.refusal = InvalidRequestError("Unable to restore slot, no available space in KV cache")

    refused(saving.post("/slots/0?action=restore", {"filename": "f"}), "Unable to restore slot")


@pytest.fixture
def keyed(make_client, tmp_path):
    server = ServerSettings(slot_save_dir=str(tmp_path), api_keys=("key",), admin_keys=("root",))
    return make_client(server=server)


@pytest.mark.parametrize("action", ["save", "erase"])
def test_a_key_acts_for_itself_and_an_admin_key_for_everybody(keyed, door, action):
    for key in ("key", "root"):
        keyed.post(f"/slots/0?action={action}", {"filename": "f"}, headers={"Authorization": f"Bearer {key}"})

    assert [call[-1] for call in door.state.calls] == [caller_of_key("key"), ""]


def test_what_an_administrator_restores_is_his(keyed, door):
    keyed.post("/slots/0?action=restore", {"filename": "f"}, headers={"Authorization": "Bearer root"})

    assert door.state.calls[0][-1] == caller_of_key("root")


def test_anothers_slot_is_refused_as_the_engine_says(keyed, door, refused):
    door.state.refusal = AuthenticationError("This slot is another key's")

    reply = keyed.post("/slots/0?action=erase", headers={"Authorization": "Bearer key"})

    refused(reply, "This slot is another key's", status=401)


def test_it_needs_a_key(make_client, refused, tmp_path):
    client = make_client(server=ServerSettings(slot_save_dir=str(tmp_path), api_keys=("key",)))

    refused(client.post("/slots/0?action=erase"), "Invalid API Key", status=401)
