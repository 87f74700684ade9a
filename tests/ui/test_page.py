"""What the page shows and does, over a model that says back what it is asked."""

import json

import httpx
import pytest
from selenium.webdriver.common.keys import Keys

EVIL = """<script>window.isHurt = true</script>

<img src=x onerror="window.isHurt = true">

![](http://192.0.2.1/pixel.png)

[link](javascript:window.isHurt=true) <b onmouseover="window.isHurt = true">bold</b>"""


@pytest.fixture
def tab(new_tab, echo):
    return new_tab(echo)


def test_the_header_names_the_model_and_its_size(tab):
    assert tab.text(".model-name") == "echo-7b-instruct.gguf"
    assert tab.text(".model-facts") == "8,192 tokens of context · 4 slots"


def test_one_model_alone_is_not_chosen(tab):
    assert tab.one(".model-name")
    assert not tab.all(".picker, .speaker, [aria-label=Models]")


def test_a_message_is_answered_below_it(tab):
    tab.ask("Hello, you!")

    assert tab.answer_text() == "Hello, you!"
    assert tab.text(".question") == "Hello, you!"
    assert "per second" in tab.text(".note")


def test_the_second_message_is_answered_below_the_first(tab):
    tab.ask("one")
    tab.answer(0)
    tab.ask("two")

    assert [tab.answer_text(number) for number in (0, 1)] == ["one", "two"]


def test_shift_enter_makes_a_line(tab):
    tab.write("one", Keys.SHIFT + Keys.ENTER + Keys.NULL, "two")

    assert tab.one(".field textarea").get_attribute("value") == "one\ntwo"
    assert not tab.all(".exchange")


def test_a_blank_message_is_not_sent(tab):
    tab.ask("   ")
    tab.ask("now")

    tab.answer()
    assert len(tab.all(".exchange")) == 1


def test_markdown_becomes_paragraphs_lists_tables_and_code(tab):
    tab.ask("**bold**\n\n- item\n\n```python\nif x:\n    y()\n```\n\n| a | b |\n| - | - |\n| 1 | 2 |")

    answer = tab.answer()
    assert [found.tag_name for found in tab.all(".markdown strong, .markdown li, .markdown td")] == [
        "strong",
        "li",
        "td",
        "td",
    ]
    assert tab.text(".markdown pre code") == "if x:\n    y()"
    assert "```" not in answer.text


def test_html_in_an_answer_is_shown_and_does_nothing(tab):
    tab.ask(EVIL)

    answer = tab.answer()
    assert "<script>window.isHurt = true</script>" in answer.text
    assert not tab.all(".markdown script, .markdown img, .markdown b, .markdown [href^=javascript]")
    assert tab.driver.execute_script("return window.isHurt") is None


def test_html_in_a_question_is_shown_and_does_nothing(tab):
    tab.ask("<img src=x onerror='window.isHurt = true'>")

    tab.answer()
    assert tab.text(".question") == "<img src=x onerror='window.isHurt = true'>"
    assert tab.driver.execute_script("return window.isHurt") is None


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("QueueFullError", "Many others are waiting"),
        ("EngineCrashedError", "is being restarted"),
        ("UnavailableError", "cannot be reached just now"),
        ("ContextExceededError", "Start a new one"),
        ("InternalError", "Its log says"),
    ],
)
def test_an_error_is_told_and_the_chat_goes_on(tab, error, words):
    tab.ask(f"raise {error}")

    assert words in tab.text(".fault")
    tab.ask("again")
    assert tab.text(".exchange:nth-of-type(2) .markdown") == "again"


def test_a_new_chat_is_empty(tab):
    tab.ask("old")
    tab.answer()

    tab.press("New chat")

    tab.until(lambda: not tab.all(".exchange"))
    tab.ask("new")
    assert tab.answer_text() == "new"


def test_tabs_do_not_see_each_other(tab, new_tab, echo):
    tab.ask("secret")
    tab.answer()

    other = new_tab(echo)

    other.one(".field")
    assert not other.all(".exchange")


def test_the_newest_text_stays_in_sight(tab):
    tab.ask("\n\n".join(f"line {number}" for number in range(60)))

    last = tab.until(lambda: [found for found in tab.all(".markdown p") if found.text == "line 59"])[0]
    tab.answer()
    below = tab.driver.execute_script(
        "const box = document.querySelector('.reading').getBoundingClientRect();"
        "return arguments[0].getBoundingClientRect().bottom - box.bottom",
        last,
    )
    assert below <= 0


def test_the_settings_hold_system_text_temperature_and_limit(tab):
    tab.press("Settings")

    labels = {found.get_attribute("aria-label") for found in tab.all(".drawer input, .drawer textarea")}
    assert tab.one(".drawer").is_displayed()
    assert labels == {"System text", "Temperature", "Longest answer, in tokens"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_or_dark_is_the_browsers_choice(tab, echo, scheme):
    features = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    tab.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", features)

    tab.open(echo)

    assert tab.until(lambda: tab.all(f".body--{scheme}"))


def test_on_a_phone_nothing_is_wider_than_the_screen(tab, echo):
    screen = {"width": 360, "height": 740, "deviceScaleFactor": 1, "mobile": True}
    tab.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)

    tab.open(echo).ask(f"```\n{'wide ' * 60}\n```\n\n{'long' * 60}")

    tab.answer()
    assert tab.driver.execute_script("return document.documentElement.scrollWidth") == 360


def test_the_page_calls_no_other_host_and_reports_no_fault(tab):
    for kind in ("performance", "browser"):
        tab.driver.get_log(kind)  # what earlier pages of this browser left there
    tab.driver.refresh()
    tab.ask(EVIL)
    tab.answer()

    messages = [json.loads(entry["message"])["message"] for entry in tab.driver.get_log("performance")]
    asked = [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]
    sockets = [m["params"]["url"] for m in messages if m["method"] == "Network.webSocketCreated"]
    assert len(asked) > 5
    assert len(sockets) == 1
    assert [
        url
        for url in asked + sockets
        if not url.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "data:"))
    ] == []
    assert tab.driver.get_log("browser") == []


def test_with_keys_the_page_shows_nothing_before_one_is_given(new_tab, locked):
    tab = new_tab(locked)

    tab.type("input[type=password]", "wrong", Keys.ENTER)

    assert tab.text("[role=alert]") == "This key is not accepted."
    assert not tab.all(".field, .model")


def test_with_a_key_the_page_opens(new_tab, locked):
    tab = new_tab(locked)

    tab.type("input[type=password]", "second key", Keys.ENTER)

    tab.ask("Hello")
    assert tab.answer_text() == "Hello"
    assert not tab.all("input[type=password]")


@pytest.mark.parametrize("path", ["/nothing", "/favicon.ico", "/_nicegui", "/index.htm"])
def test_other_paths_are_still_the_servers(echo, path):
    reply = httpx.get(echo + path)

    assert reply.status_code == 404
    assert reply.json()["error"]["type"] == "not_found_error"


@pytest.mark.parametrize("path", ["/", "/index.html"])
def test_the_page_has_two_names_and_a_head(locked, path):
    page, head = httpx.get(locked + path), httpx.head(locked + path)

    assert "<title>Corral</title>" in page.text
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"] == page.headers["content-type"] == "text/html; charset=utf-8"


def test_with_keys_the_page_is_open_and_the_rest_is_not(locked):
    assert httpx.get(locked).status_code == 200
    assert httpx.post(f"{locked}/completion", json={"prompt": "x"}).status_code == 401
