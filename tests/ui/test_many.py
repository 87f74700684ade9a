"""The page over several models: choosing one, waiting for it, and what is in memory."""

import httpx
import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

EVIL = "<img src=x onerror='window.isHurt = true'>"
KEY = "corral.model"


@pytest.fixture
def tab(new_tab, many):
    tab = new_tab(many.address)
    tab.one(".picker")
    return tab


def keyboard(tab, *keys):
    ActionChains(tab.driver).send_keys(*keys).perform()


def kept(tab):
    return tab.driver.execute_script(f"return localStorage.getItem('{KEY}')")


def unlock(tab, key="open sesame"):
    tab.press("Models")
    tab.type(".roster input[type=password]", key, Keys.ENTER)


def row(tab, name):
    """Return the line of the dialog about a model."""
    rows = [found for found in tab.all(".model-row") if found.text.startswith(name)]
    return rows[0] if rows else None


def press_in_row(tab, name, label):
    def button():
        found = [b for b in row(tab, name).find_elements("css selector", "button") if b.text == label]
        return found[0] if found and found[0].is_displayed() else None

    tab.until(button).click()


def test_the_list_tells_of_each_model_its_state_size_and_quantization(tab):
    options = tab.options()

    assert list(options) == [EVIL, "alpha", "beta", "broken", "cloud", "vectors"]
    assert options["alpha"].text == "alpha\nReady · 491 MB · Q4_K_M · default"
    assert options["beta"].text == "beta\nNot loaded"


@pytest.mark.parametrize(
    ("name", "why"),
    [("broken", "it is no GGUF file"), ("cloud", "Run by another server"), ("vectors", "Makes vectors")],
)
def test_a_model_that_cannot_answer_is_greyed_and_says_why(tab, name, why):
    option = tab.options()[name]

    assert why in option.text
    assert option.get_attribute("aria-disabled") == "true"
    ActionChains(tab.driver).move_to_element(option).perform()
    assert why in tab.text(".q-tooltip")


def test_the_chosen_model_answers_next(tab, many):
    tab.ask("one")
    tab.answer(0)
    tab.pick("beta")
    tab.ask("two")

    tab.answer(1)
    assert [found.text for found in tab.all(".speaker")] == ["alpha", "beta"]
    assert many.asked("leases") == ["alpha", "beta"]


def test_keys_alone_choose_a_model(tab):
    tab.driver.execute_script("document.querySelector('.picker input').focus()")
    keyboard(tab, Keys.ENTER)
    tab.one(".models-menu")
    keyboard(tab, Keys.ARROW_DOWN, Keys.ENTER)

    assert tab.until(lambda: tab.model() == "beta")


def test_the_choice_survives_a_reload(tab):
    tab.pick("beta")
    tab.until(lambda: kept(tab) == "beta")

    tab.driver.refresh()

    tab.until(lambda: tab.model() == "beta")
    tab.ask("hi")
    tab.answer()
    assert tab.text(".speaker") == "beta"


def test_a_kept_choice_that_is_gone_becomes_the_default(tab, many):
    tab.open_with(many.address, KEY, "no such model")

    assert "no such model is no longer here" in tab.text(".q-notification")
    assert tab.model() == "alpha"
    tab.until(lambda: kept(tab) is None)
    tab.ask("hi")
    tab.answer()
    assert many.asked("leases") == ["alpha"]


def test_a_kept_choice_that_cannot_answer_now_is_kept_for_later(tab, many):
    tab.open_with(many.address, KEY, "broken")

    assert "broken cannot answer now" in tab.text(".q-notification")
    assert (tab.model(), kept(tab)) == ("alpha", "broken")


def test_a_chosen_model_that_vanishes_gives_way_to_the_default(tab, many):
    tab.pick("beta")
    many.order("remove", "beta")

    tab.ask("hi")

    tab.answer()
    assert "beta is no longer here" in tab.text(".q-notification")
    assert (tab.text(".speaker"), tab.model()) == ("alpha", "alpha")


def test_while_the_model_loads_the_answer_says_how_far_it_is(tab, many):
    many.order("slow", "beta")
    tab.pick("beta")
    tab.ask("hi")
    assert tab.text(".waiting") == "Loading beta …"

    many.move("beta", "loading", progress=0.43)

    tab.until(lambda: tab.text(".waiting") == "Loading beta … 43%")
    assert tab.text(".model-facts") == "Loading 43%"
    many.order("release")
    assert tab.answer_text() == "hi"
    assert not tab.visible(".waiting")


def test_a_model_without_room_says_for_whom_it_waits(tab, many):
    many.order("slow", "beta")
    tab.pick("beta")
    tab.ask("hi")

    many.move("beta", "waiting", reason="waits until another model is idle")

    tab.until(lambda: tab.text(".waiting") == "Waits until another model is idle")


def test_stop_ends_the_waiting(tab, many):
    many.order("slow", "beta")
    tab.pick("beta")
    tab.ask("hi")
    tab.until(lambda: many.asked("n_waiting") == 1)

    tab.press("Stop")

    assert tab.text(".note") == "Stopped."
    assert not tab.visible(".waiting")
    tab.until(lambda: many.asked("n_waiting") == 0)
    assert many.asked("leases") == []


def test_a_refusal_is_told_with_its_reason(tab, many):
    many.order("refuse", "alpha")

    tab.ask("hi")

    assert "no memory is free" in tab.text(".fault")


def test_a_model_in_quarantine_says_so_instead_of_answering(tab, many):
    many.move("alpha", "quarantined", reason="the file is cut short")

    tab.ask("hi")

    assert tab.text(".fault") == "Failed too often, and is not tried again: the file is cut short"
    assert many.asked("leases") == []


def test_a_name_is_text_wherever_it_stands(tab, many):
    tab.pick(EVIL)
    tab.ask("hi")
    tab.answer()
    many.move(EVIL, "ready")
    tab.press("Models")

    tab.until(lambda: row(tab, EVIL))
    assert tab.text(".speaker") == EVIL
    assert not tab.all("img[src=x]")
    assert tab.driver.execute_script("return window.isHurt") is None


def test_the_page_tells_no_key_path_or_address(tab, many):
    tab.options()
    tab.press("Models")
    tab.one(".model-row")

    seen = tab.driver.page_source + httpx.get(many.address).text
    assert [
        secret for secret in ("secret key", "/secret/", "127.0.0.1:9/v1", "open sesame") if secret in seen
    ] == []


def test_everybody_sees_what_is_in_memory(tab):
    tab.press("Models")

    tab.until(lambda: row(tab, "alpha"))
    assert [found.text for found in tab.all(".model-row")] == ["alpha\nReady · 700 MB of memory · idle"]
    assert not tab.all(".model-row button")


def test_without_the_admin_key_nothing_can_be_moved(tab):
    unlock(tab, "wrong")

    assert tab.text(".roster [role=alert]") == "This key is not accepted."
    assert not tab.all(".model-row button")


def test_with_the_admin_key_models_are_loaded_pinned_and_unloaded(tab, many):
    unlock(tab)

    press_in_row(tab, "beta", "Load")
    press_in_row(tab, "beta", "Pin")
    tab.until(lambda: "pinned" in row(tab, "beta").text)
    press_in_row(tab, "beta", "Unpin")
    press_in_row(tab, "beta", "Unload")

    tab.until(lambda: "Not loaded" in row(tab, "beta").text)
    changes = [tuple(change[:2]) for change in many.asked("changes")]
    assert changes == [("load", "beta"), ("pin", "beta"), ("pin", "beta"), ("unload", "beta")]
    assert not tab.all(".roster input")


def test_a_load_that_fails_is_told(tab, many):
    many.order("refuse", "beta")
    unlock(tab)

    press_in_row(tab, "beta", "Load")

    assert "no memory is free" in tab.text(".q-notification")


def test_the_open_dialog_follows_what_happens(tab, many):
    tab.press("Models")
    tab.until(lambda: row(tab, "alpha"))

    many.move("beta", "loading", progress=0.5)

    tab.until(lambda: row(tab, "beta") and "Loading 50%" in row(tab, "beta").text)


def test_who_entered_with_an_admin_key_is_not_asked_again(new_tab, many_locked):
    tab = new_tab(many_locked.address)
    tab.type("input[type=password]", "open sesame", Keys.ENTER)

    tab.press("Models")

    tab.until(lambda: row(tab, "beta"))
    assert not tab.all(".roster input")


def test_an_ordinary_key_moves_nothing(new_tab, many_locked):
    tab = new_tab(many_locked.address)
    tab.type("input[type=password]", "ordinary", Keys.ENTER)

    unlock(tab, "ordinary")

    assert tab.text(".roster [role=alert]") == "This key is not accepted."
    assert not tab.all(".model-row button")


def test_on_a_phone_list_and_dialog_fit_the_screen(tab, many):
    screen = {"width": 360, "height": 740, "deviceScaleFactor": 1, "mobile": True}
    tab.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    many.move("alpha", "failed", reason="long " * 40 + "word" * 40)

    tab.open(many.address)
    tab.options()

    widths = (
        "return [document.documentElement.scrollWidth, document.querySelector('.models-menu').scrollWidth]"
    )
    assert max(tab.driver.execute_script(widths)) <= 360
    keyboard(tab, Keys.ESCAPE)
    tab.until(lambda: not tab.all(".models-menu"))
    unlock(tab)
    tab.until(lambda: row(tab, "alpha"))
    assert tab.driver.execute_script("return document.querySelector('.roster').scrollWidth") <= 360
