"""The page over the whole server with several models, of which one fits into memory."""

import httpx
import pytest

BUSY = ("busy", "fake:step_ms=20")
OTHER = ("other", "fake:eos_after=90")


def state(server, name):
    return httpx.get(f"{server.address}/v1/models/{name}").json()["status"]["value"]


@pytest.fixture
def server(live_many):
    return live_many(*BUSY, *OTHER)


def test_the_chosen_model_is_loaded_for_the_first_message(new_tab, server):
    tab = new_tab(server.address)
    tab.pick("other")
    assert state(server, "other") == "unloaded"

    tab.ask("hi")

    assert tab.answer_text()
    assert state(server, "other") == "loaded"
    tab.until(lambda: "slots" in tab.text(".model-facts"))


def test_a_message_waits_until_another_model_is_idle(new_tab, server):
    tab = new_tab(server.address)
    tab.ask("hi")
    tab.one(".markdown p")
    other = new_tab(server.address)
    other.pick("other")

    other.ask("hi")

    other.until(lambda: other.text(".waiting") == "Waits until another model is idle")
    tab.show()
    tab.press("Stop")
    other.show()
    assert other.answer_text()


def test_who_stops_waiting_leaves_the_other_model_in_memory(new_tab, server):
    tab = new_tab(server.address)
    tab.ask("hi")
    tab.one(".markdown p")
    other = new_tab(server.address)
    other.pick("other")
    other.ask("hi")
    other.until(lambda: other.text(".waiting") == "Waits until another model is idle")

    other.press("Stop")

    assert other.text(".note") == "Stopped."
    other.until(lambda: state(server, "other") == "unloaded")
    assert state(server, "busy") == "loaded"


def test_a_model_that_cannot_be_loaded_says_why(new_tab, live_many):
    server = live_many("bad", "fake:load_fails=1", *OTHER)
    tab = new_tab(server.address)

    tab.ask("hi")

    assert "asked to fail to load" in tab.text(".fault")
    tab.pick("other")
    tab.ask("hi")
    assert tab.text(".exchange:nth-of-type(2) .markdown p")


def test_a_server_with_an_open_page_stops_at_once(new_tab, server):
    tab = new_tab(server.address)
    tab.press("Models")
    tab.one(".roster")

    status, errors = server.end()

    assert status == 0
    assert "Traceback" not in errors
