"""Slots: what they show, and how their contents are saved, restored and erased."""

from __future__ import annotations

import threading

import pytest

FRANCE, GERMANY = "What is the capital of France?", "What is the capital of Germany?"


@pytest.fixture
def ask(server):
    """Return a function that completes in one slot with its cache, greedily."""

    def complete(prompt, slot, **fields):
        options = {
            "id_slot": slot,
            "cache_prompt": True,
            "temperature": 0.0,
            "n_predict": 24,
            "ignore_eos": True,
        }
        return server.complete(prompt, **{**options, **fields})

    return complete


@pytest.fixture
def act(server):
    def action(slot, name, filename=None):
        body = None if filename is None else {"filename": filename}
        return server.post(f"/slots/{slot}?action={name}", body)

    return action


@pytest.fixture
def unused(serve, slot_dir):
    """Return a server whose slots nothing has run in."""
    return serve(slot_save_path=slot_dir, alias="unused")


@pytest.fixture(autouse=True)
def empty_slots(server):
    """Forget what tests before have left."""
    for slot in (0, 1):
        assert server.post(f"/slots/{slot}?action=erase").status_code == 200


def n_shown(server, slot):
    return server.slots()[slot].get("n_prompt_tokens")


def test_a_slot_that_nothing_ran_in_shows_no_params(unused):
    slots = unused.slots()

    assert [(slot["id"], slot["n_ctx"], slot["is_processing"], slot["state"]) for slot in slots] == [
        (0, 256, False, 0),
        (1, 256, False, 0),
    ]
    assert all("params" not in slot and "n_prompt_tokens" not in slot for slot in slots)


def test_a_slot_that_was_used_shows_its_params_and_tokens(server, ask):
    answer = ask(FRANCE, 1, seed=7)

    slot = server.slots()[1]
    assert slot["params"]["seed"] == 7
    assert slot["params"]["n_predict"] == 24
    assert slot["n_prompt_tokens"] == answer["tokens_cached"]
    assert isinstance(slot["id_task"], int)


def test_a_busy_server_has_no_slot_whatever_the_value_says(endless):
    events = endless.stream("/completion", {"prompt": "a", "ignore_eos": True})
    next(events)

    refused = endless.get("/slots?fail_on_no_slot=0")
    listed = endless.get("/slots")

    events.close()
    assert refused.status_code == 503
    assert refused.json()["error"]["message"] == "no slot available"
    assert [slot["is_processing"] for slot in listed.json()] == [True]


def test_a_saved_slot_is_restored_into_another(ask, act):
    first = ask(FRANCE, 1)
    saved = act(1, "save", "slot1.bin").json()
    other = ask(GERMANY, 1)
    restored = act(0, "restore", "slot1.bin").json()
    again = ask(GERMANY, 0)
    same = ask(GERMANY, 1)

    n_shared = other["timings"]["cache_n"]
    assert first["timings"]["prompt_n"] == first["tokens_evaluated"]
    assert saved["n_saved"] == restored["n_restored"] == first["tokens_cached"]
    assert saved["n_written"] == restored["n_read"] > 0
    assert 0 < other["timings"]["prompt_n"] == other["tokens_evaluated"] - n_shared
    assert again["timings"]["prompt_n"] == other["timings"]["prompt_n"]
    assert same["timings"]["prompt_n"] == 1
    assert other["content"] == again["content"] == same["content"]


def test_the_restored_prompt_itself_needs_one_token(ask, act):
    first = ask(FRANCE, 1)
    act(1, "save", "own.bin")
    act(0, "restore", "own.bin")

    second = ask(FRANCE, 0)

    assert second["timings"]["prompt_n"] == 1
    assert second["content"] == first["content"]


def test_an_erased_slot_evaluates_the_whole_prompt_again(ask, act):
    first = ask(FRANCE, 1)

    erased = act(1, "erase").json()

    assert erased == {"id_slot": 1, "n_erased": first["tokens_cached"]}
    assert ask(FRANCE, 1)["timings"]["prompt_n"] == first["timings"]["prompt_n"]


def test_what_a_slot_shows_follows_saving_erasing_and_restoring(server, ask, act):
    n = ask(FRANCE, 1)["tokens_cached"]
    shown = [n_shown(server, 1)]

    act(1, "save", "follow.bin")
    shown.append(n_shown(server, 1))
    act(1, "erase")
    shown.append(n_shown(server, 1))
    again = act(1, "erase").json()["n_erased"]
    act(1, "restore", "follow.bin")
    shown.append(n_shown(server, 1))
    act(1, "restore", "follow.bin")
    shown.append(n_shown(server, 1))

    assert shown == [n, n, 0, n, n]
    assert again == 0


def test_saving_anew_replaces_the_file_and_the_same_content_gives_the_same_bytes(ask, act, slot_dir):
    contents = []
    for prompt in (FRANCE, GERMANY, FRANCE):
        act(1, "erase")
        ask(prompt, 1)
        act(1, "save", "overwrite.bin")
        contents.append((slot_dir / "overwrite.bin").read_bytes())

    assert contents[0] == contents[2] != contents[1]


def test_an_unused_slot_erases_and_saves_nothing_and_still_shows_nothing(unused):
    erased = unused.post("/slots/1?action=erase").json()
    saved = unused.post("/slots/0?action=save", {"filename": "idle.bin"}).json()

    assert erased["n_erased"] == saved["n_saved"] == 0
    assert n_shown(unused, 0) is None
    assert n_shown(unused, 1) is None


def test_a_slot_that_was_only_restored_shows_nothing_once_erased(unused, ask, act):
    n = ask(FRANCE, 1)["tokens_cached"]
    act(1, "save", "only.bin")

    unused.post("/slots/0?action=restore", {"filename": "only.bin"})
    restored = n_shown(unused, 0)
    unused.post("/slots/0?action=erase")

    assert restored == n
    assert n_shown(unused, 0) is None


def test_files_that_are_missing_or_cut_are_refused_and_the_slot_works_on(ask, act, slot_dir):
    ask(FRANCE, 1)
    act(1, "save", "cut.bin")
    whole = (slot_dir / "cut.bin").read_bytes()
    replies = [act(0, "restore", "never_saved.bin")]
    for size in (0, 8, 16, len(whole) // 2, len(whole) - 1):
        (slot_dir / "cut.bin").write_bytes(whole[:size])
        replies.append(act(0, "restore", "cut.bin"))

    assert {reply.status_code for reply in replies} == {400}
    assert all(
        "no available space in KV cache or invalid slot save file" in reply.json()["error"]["message"]
        for reply in replies
    )
    assert ask(GERMANY, 0)["content"]


@pytest.mark.parametrize(
    "filename", ["../evil.bin", "sub/evil.bin", "..", "", " a", "a.", "a\u2215b", 1, None, [], {}]
)
@pytest.mark.parametrize("action", ["save", "restore"])
def test_names_that_are_none_are_refused(server, action, filename):
    reply = server.post(f"/slots/0?action={action}", {"filename": filename})

    assert reply.status_code == 400
    assert reply.json()["error"]["message"].startswith(("Invalid filename", "Field 'filename'"))


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/slots/abc?action=save", "Invalid slot ID"),
        ("/slots/-1?action=save", "Invalid slot ID"),
        ("/slots/2?action=erase", "Invalid slot ID"),
        ("/slots/99999999999999999999?action=erase", "Invalid slot ID"),
        ("/slots/0?action=frobnicate", "Invalid action"),
        ("/slots/0", "Invalid action"),
    ],
)
def test_slots_and_actions_that_are_none_are_refused(server, path, message):
    reply = server.post(path, {"filename": "x.bin"})

    assert (reply.status_code, reply.json()["error"]["message"]) == (400, message)


def test_saving_a_busy_slot_waits_for_what_it_will_hold(endless):
    saved = []

    def save():
        saved.append(endless.post("/slots/0?action=save", {"filename": "busy.bin"}).json())

    events = endless.stream("/completion", {"prompt": "a", "ignore_eos": True, "n_predict": 200})
    next(events)
    saving = threading.Thread(target=save)
    saving.start()
    *_, last = events
    saving.join()

    assert saved[0]["n_saved"] == last["tokens_cached"]
