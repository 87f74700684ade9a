"""The page with a folder of characters, over the whole server and the model that comes with Corral."""

import pytest

MIRA = """
name: Mira
description: "{{char}} keeps a lighthouse."
greeting: You are wet, {{user}}.
emotions: [happy, sad, angry]
"""


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "characters"
    folder.mkdir()
    return folder


def test_a_character_of_the_folder_answers_with_one_of_its_emotions(new_tab, bundled, folder):
    (folder / "mira.yaml").write_text(MIRA)
    tab = new_tab(bundled("--temp", 0).address)

    tab.cast("Mira")
    tab.until(lambda: tab.text(".opening .markdown") == "You are wet, User.")
    tab.ask("My dog died today and I cry all the time.")

    assert tab.answer_text()
    assert tab.text(".emotion") == "sad"
    assert not tab.visible(".fault")


def test_in_an_empty_folder_there_is_nothing_to_choose_until_a_character_comes(new_tab, bundled, folder):
    tab = new_tab(bundled().address)
    tab.ask("hi")
    tab.answer()
    assert not tab.all(".cast .picker, .speaker")
    (folder / "mira.yaml").write_text(MIRA)

    def appears():
        tab.driver.refresh()
        tab.one(".field")
        return tab.visible(".cast .picker")

    assert tab.until(appears)


def test_a_file_that_is_deleted_ends_what_its_character_says(new_tab, bundled, folder):
    file = folder / "mira.yaml"
    file.write_text(MIRA)
    tab = new_tab(bundled().address)
    tab.cast("Mira")
    file.unlink()

    def is_told():
        tab.ask("hi")
        tab.one("[aria-label=Send]")
        return tab.visible(".fault")

    assert "The character Mira is no longer here." in tab.until(is_told).text
