"""The page over the whole server: gateway and an engine process on the fake runner."""

import json

import httpx
import pytest


def is_idle(server):
    return not any(slot["is_processing"] for slot in httpx.get(f"{server.address}/slots").json())


@pytest.fixture
def slow(live):
    """A server whose answers take for ever."""
    return live("fake:step_ms=20")


def test_the_demonstration_model_says_what_it_is(new_tab, slow):
    tab = new_tab(slow.address)

    assert "tiny demonstration model" in tab.text(".notice")
    assert tab.text(".command") == "corral serve -m model.gguf"


def test_an_answer_grows_while_it_is_made(new_tab, slow):
    tab = new_tab(slow.address)

    tab.ask("hi")

    tab.until(lambda: len(tab.text(".markdown")) > 3)
    assert not is_idle(slow)


def test_stop_keeps_what_there_is_and_frees_the_slot(new_tab, slow):
    tab = new_tab(slow.address)
    tab.ask("hi")
    tab.until(lambda: len(tab.text(".markdown")) > 3)

    tab.press("Stop")

    assert tab.text(".note") == "Stopped."
    tab.until(lambda: is_idle(slow))
    assert len(tab.text(".markdown")) > 3


def test_after_stop_the_chat_goes_on(new_tab, slow):
    tab = new_tab(slow.address)
    tab.ask("hi")
    tab.press("Stop")
    tab.press("Send")  # there is nothing to send
    tab.ask("again")

    tab.until(lambda: len(tab.all(".exchange")) == 2)
    tab.until(lambda: tab.all(".exchange:nth-of-type(2) .markdown p"))


def test_closing_the_tab_frees_the_slot(new_tab, slow):
    tab = new_tab(slow.address)
    tab.ask("hi")
    tab.one(".markdown p")

    tab.close()

    tab.until(lambda: is_idle(slow))


def test_a_new_chat_ends_the_answer_of_the_old_one(new_tab, slow):
    tab = new_tab(slow.address)
    tab.ask("hi")
    tab.one(".markdown p")

    tab.press("New chat")

    tab.until(lambda: is_idle(slow))
    assert not tab.all(".exchange")
    assert "Traceback" not in slow.end()[1]


def test_the_limit_of_the_settings_ends_the_answer(new_tab, slow):
    tab = new_tab(slow.address)
    tab.press("Settings")
    tab.type("[aria-label^=Longest]", "5")
    tab.driver.execute_script("document.querySelector('.q-drawer__backdrop').click()")
    tab.until(lambda: not tab.all(".q-drawer__backdrop:not(.hidden)"))

    tab.ask("hi")

    assert tab.text(".note").startswith("Cut: the limit of tokens was reached. 5 tokens")


def test_a_crash_is_told_and_the_next_answer_comes(new_tab, live):
    tab = new_tab(live("fake:step_ms=20,crash_after=9").address)

    tab.ask("hi")

    assert "is being restarted" in tab.text(".fault")
    tab.ask("again")
    assert tab.one(".exchange:nth-of-type(2) .markdown p")


def test_the_page_names_the_server_as_every_reply_does(slow):
    reply = httpx.get(slow.address)

    assert (reply.status_code, reply.headers["server"]) == (200, "llama.cpp")


def test_the_browser_hears_of_many_tokens_at_once(new_tab, live):
    tab = new_tab(live("fake:step_ms=1,eos_after=600").address)
    tab.one(".field")
    tab.driver.get_log("performance")

    tab.ask("hi")

    n_tokens = int(tab.text(".note").split()[0])
    methods = [
        json.loads(entry["message"])["message"]["method"] for entry in tab.driver.get_log("performance")
    ]
    assert n_tokens > 500
    assert methods.count("Network.webSocketFrameReceived") < n_tokens / 5


def test_a_reader_who_scrolled_up_is_left_there(new_tab, live):
    tab = new_tab(live("fake:step_ms=3").address)
    tab.ask("\n".join("many lines"))
    tab.until(lambda: len(tab.text(".markdown")) > 50)
    tab.driver.execute_script("document.querySelector('.reading').style.flex = '0 0 150px'")
    tab.driver.execute_script("document.querySelector('.reading').scrollTop -= 100")
    question = tab.one(".question")
    before = question.rect["y"]
    height = tab.until(lambda: tab.one(".markdown").rect["height"])

    tab.until(lambda: tab.one(".markdown").rect["height"] > height + 60)

    assert abs(question.rect["y"] - before) < 3


def test_a_server_with_an_open_page_stops_at_once_and_leaves_nothing(new_tab, slow):
    tab = new_tab(slow.address)
    tab.ask("hi")
    tab.one(".markdown p")

    status, errors = slow.end()

    assert status == 0
    assert "Traceback" not in errors
    assert "WARNING" not in errors.upper()
    assert list(slow.folder.iterdir()) == []
