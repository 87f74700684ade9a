"""The page with characters: choosing one, its greetings, its answers, its emotions."""

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

EVIL = "<img src=x onerror='window.isHurt = true'>"
KEY = "corral.character"
MIRA = {
    "description": "{{char}} keeps a lighthouse.",
    "greetings": ["You are wet, {{user}}.", "*Who* is there?", "Sit down."],
    "emotions": ["happy", "sad"],
    "sampling": {"temperature": 1.5},
}
MENU_WIDTHS = (
    "return [document.documentElement.scrollWidth, document.querySelector('.models-menu').scrollWidth]"
)


@pytest.fixture
def tab(new_tab, many):
    many.play("Mira", **MIRA)
    many.play("Otto", description="{{char}} repairs clocks.")
    tab = new_tab(many.address)
    tab.one(".cast .picker")
    return tab


def keyboard(tab, *keys):
    ActionChains(tab.driver).send_keys(*keys).perform()


def kept(tab):
    return tab.driver.execute_script(f"return localStorage.getItem('{KEY}')")


def greeting(tab):
    """Return what the character says first, and which of its greetings that is."""
    return tab.text(".opening .markdown"), tab.text(".turning-place")


def speakers(tab):
    return [found.text for found in tab.all(".speaker")]


def test_without_characters_there_is_no_choice(new_tab, many):
    tab = new_tab(many.address)

    tab.ask("hi")

    tab.answer()
    assert not tab.all(".cast .picker, .opening, .emotion:not(.hidden)")


def test_the_list_tells_of_each_character_who_it_is(tab):
    assert tab.character() == "No character"
    assert list(tab.characters().values()) == [
        "No character\nThe model answers as itself.",
        "Mira\nMira keeps a lighthouse.",
        "Otto\nOtto repairs clocks.",
    ]


def test_a_character_that_came_later_is_in_the_list(tab, many):
    many.play("Zoe")

    tab.one(".cast .picker").click()

    tab.until(lambda: [item.text for item in tab.all(".models-menu .q-item")][-1:] == ["Zoe"])


def test_a_character_begins_the_chat_and_answers_in_it(tab, many):
    tab.ask("of before")
    tab.answer()
    tab.cast("Mira")

    tab.until(lambda: greeting(tab) == ("You are wet, User.", "1 of 3"))
    tab.ask("hi")

    assert tab.answer_text() == "hi"
    assert [name.split("\n")[0] for name in speakers(tab)] == ["Mira", "Mira"]
    prompt = many.asked("requests")[-1]["prompt"]
    assert "Mira keeps a lighthouse." in prompt
    assert "assistant\nYou are wet, User.<|im_end|>\n<|im_start|>user\nhi<" in prompt
    assert "of before" not in prompt


def test_arrows_turn_to_the_other_greetings_until_the_chat_goes_on(tab, many):
    tab.cast("Mira")
    tab.one(".opening")

    tab.press("Previous greeting")
    tab.until(lambda: greeting(tab) == ("Sit down.", "3 of 3"))
    tab.press("Previous greeting")
    tab.until(lambda: greeting(tab) == ("Who is there?", "2 of 3"))
    assert tab.text(".opening em") == "Who"
    tab.ask("hi")

    tab.answer()
    assert tab.text(".opening") == "Mira\nWho is there?"
    assert "assistant\n*Who* is there?<" in many.asked("requests")[-1]["prompt"]


def test_a_character_without_a_greeting_waits(tab, many):
    tab.cast("Otto")
    tab.ask("hi")

    tab.answer()
    assert not tab.all(".opening")
    assert speakers(tab) == ["Otto"]
    assert many.asked("n_scored") == 0


def test_a_new_chat_begins_with_the_greeting_again(tab):
    tab.cast("Mira")
    tab.press("Next greeting")
    tab.ask("hi")
    tab.answer()

    tab.press("New chat")

    tab.until(lambda: greeting(tab) == ("You are wet, User.", "1 of 3"))
    assert len(tab.all(".exchange")) == 1


def test_no_character_is_the_model_again(tab, many):
    tab.cast("Mira")
    tab.one(".opening")
    tab.cast("No character")
    tab.until(lambda: not tab.all(".opening"))
    tab.ask("hi")

    tab.answer()
    assert speakers(tab) == ["alpha"]
    assert "Mira" not in many.asked("requests")[-1]["prompt"]
    tab.until(lambda: kept(tab) is None)


def test_another_model_speaks_as_the_same_character(tab, many):
    tab.cast("Mira")
    tab.pick("beta")
    tab.ask("hi")

    tab.answer()
    assert many.asked("leases") == ["beta"]
    assert tab.text(".exchange:not(.opening) .speaker").startswith("Mira")


def test_the_emotion_stands_beside_the_name(tab, many):
    tab.cast("Mira")
    tab.ask("so sad, sad, sad")

    assert tab.text(".emotion") == "sad"
    assert tab.text(".emotion") in tab.text(".exchange:not(.opening) .speaker")
    assert many.asked("n_scored") == 1
    assert len(many.asked("requests")) == 1


def test_an_emotion_that_fails_costs_nothing_but_itself(tab, many):
    many.order("mute", "alpha")
    tab.cast("Mira")
    tab.ask("so sad")
    tab.answer()
    tab.until(lambda: many.asked("n_scored") == 1)
    tab.one("[aria-label=Send]")

    tab.ask("again")

    assert tab.answer_text(1) == "again"
    assert speakers(tab) == ["Mira", "Mira", "Mira"]
    assert not tab.visible(".fault")


def test_the_characters_manner_is_the_drawers_until_the_reader_has_another(tab, many):
    tab.cast("Mira")
    tab.press("Settings")

    tab.until(lambda: tab.one("[aria-label=Temperature]").get_attribute("value") == "1.5")
    keyboard(tab, Keys.ESCAPE)
    tab.ask("hi")
    tab.answer()
    assert many.asked("requests")[-1]["temperature"] == 1.5


def test_the_choice_survives_a_reload(tab):
    tab.cast("Mira")
    tab.until(lambda: kept(tab) == "mira")

    tab.driver.refresh()

    tab.until(lambda: tab.character() == "Mira")
    assert "You are wet" in tab.text(".opening")


def test_a_kept_choice_that_is_gone_is_forgotten_and_said(tab, many):
    tab.open_with(many.address, KEY, "nobody at all")

    assert "nobody at all is no longer here" in tab.text(".q-notification")
    assert tab.character() == "No character"
    tab.until(lambda: kept(tab) is None)


def test_with_the_last_character_gone_the_page_is_as_without(tab, many):
    many.order("lose", "mira")
    many.order("lose", "otto")

    tab.open_with(many.address, KEY, "mira")

    assert "mira is no longer here" in tab.text(".q-notification")
    assert not tab.all(".cast .picker")
    tab.ask("hi")
    tab.answer()
    assert speakers(tab) == ["alpha"]


def test_a_chosen_character_that_vanishes_is_told_and_nobody_speaks_in_its_place(tab, many):
    tab.cast("Mira")
    tab.one(".opening")
    many.order("lose", "mira")

    tab.ask("hi")

    assert tab.text(".fault").startswith("The character Mira is no longer here.")
    assert many.asked("leases") == []
    assert list(tab.characters()) == ["No character", "Otto"]


def test_a_character_that_comes_back_goes_on(tab, many):
    tab.cast("Mira")
    tab.one(".opening")
    many.order("lose", "mira")
    tab.ask("one")
    tab.one(".fault")
    many.play("Mira", **MIRA)

    tab.ask("two")

    assert tab.answer_text() == "two"


def test_where_the_default_model_is_remote_the_reason_is_told(tab, many):
    many.order("default", "cloud")
    tab.driver.refresh()
    tab.until(lambda: tab.model() == "cloud")
    tab.cast("Mira")

    tab.ask("hi")

    assert tab.text(".fault").startswith("Run by another server.")
    assert many.asked("leases") == []


def test_keys_alone_choose_a_character_and_a_greeting(tab):
    tab.driver.execute_script("document.querySelector('.cast input').focus()")
    keyboard(tab, Keys.ENTER)
    tab.one(".models-menu")
    keyboard(tab, Keys.ARROW_DOWN, Keys.ENTER)
    tab.until(lambda: tab.character() == "Mira")

    tab.driver.execute_script("document.querySelector('[aria-label=\"Next greeting\"]').focus()")
    keyboard(tab, Keys.ENTER)

    assert tab.until(lambda: tab.text(".turning-place") == "2 of 3")


def test_the_controls_have_names(tab):
    tab.cast("Mira")
    tab.one(".opening")

    names = [found.accessible_name for found in tab.all(".picker input, .turning button")]
    assert names == ["Model alpha", "Character Mira", "Previous greeting", "Next greeting"]


def test_whatever_a_character_is_made_of_is_text(tab, many):
    many.play(EVIL, description=EVIL, greetings=[EVIL], emotions=[EVIL])
    tab.driver.refresh()
    tab.one(".cast .picker")
    tab.cast(EVIL)
    tab.ask("hi")

    tab.answer()
    assert tab.text(".opening .markdown") == EVIL
    assert tab.text(".emotion") == EVIL
    assert not tab.all("img[src=x]")
    assert tab.driver.execute_script("return window.isHurt") is None


def test_on_a_phone_nothing_is_wider_than_the_screen(tab, many):
    long = {"description": "long " * 400, "greetings": ["word" * 90, "b"], "emotions": ["e" * 60]}
    many.play("Name" * 30, **long)
    screen = {"width": 360, "height": 740, "deviceScaleFactor": 1, "mobile": True}
    tab.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    tab.open(many.address)
    tab.one(".cast .picker")

    tab.characters()

    assert max(tab.driver.execute_script(MENU_WIDTHS)) <= 360
    keyboard(tab, Keys.ESCAPE)
    tab.until(lambda: not tab.all(".models-menu"))
    tab.cast("Name" * 30)
    tab.one(".opening")
    tab.ask("hi")
    tab.one(".emotion")
    assert tab.driver.execute_script("return document.documentElement.scrollWidth") == 360
