from __future__ import annotations

import io
import json
import logging
import re

import pytest

from corral.core import log
from corral.core.errors import SettingsError
from corral.core.settings import LogSettings


@pytest.fixture
def lines():
    """Return a function that configures the log and gives what was written to the console."""
    console = io.StringIO()

    def configure(**fields):
        log.configure(LogSettings(**fields), console)
        return console

    yield configure
    for handler in logging.getLogger("corral").handlers:
        handler.close()
    logging.getLogger("corral").handlers.clear()


def test_a_line_is_an_event_with_fields(lines):
    console = lines()

    log.get("test").info("model.ready", model="a b", load_s=3.2)

    assert console.getvalue() == "model.ready model='a b' load_s=3.200\n"


def test_no_field_can_begin_a_new_line(lines):
    console = lines()

    log.get("test").info("event", name="a\nmodel.ready")

    assert console.getvalue() == "event name='a\\nmodel.ready'\n"


def test_debug_shows_only_when_asked_for(lines):
    console = lines()
    log.get("test").debug("hidden")
    lines(verbosity=1)
    log.get("test").debug("shown")

    assert console.getvalue() == "shown\n"


@pytest.mark.parametrize("fields", [{"is_enabled": False}, {"verbosity": -1}])
def test_nothing_is_written_when_disabled(lines, fields):
    console = lines(**fields)

    log.get("test").error("hidden")

    assert console.getvalue() == ""


def test_prefix_is_the_level_letter_with_elapsed_time(lines):
    console = lines(has_prefix=True, has_timestamps=True)

    log.get("test").warning("careful")

    assert re.fullmatch(r"\d+\.\d\d\.\d\d\d\.\d\d\d W careful\n", console.getvalue())


def test_json_lines_carry_the_fields(lines):
    console = lines(is_json=True)

    log.get("test").info("event", n=1)

    line = json.loads(console.getvalue())
    assert (line["event"], line["level"], line["n"]) == ("event", "info", 1)


def test_colours_only_when_asked_for_or_on_a_terminal(lines):
    console = lines(colors="on")
    log.get("test").error("red")
    lines(colors="auto")
    log.get("test").error("plain")

    assert console.getvalue() == "\x1b[31mred\x1b[0m\nplain\n"


def test_a_file_that_cannot_be_written_is_told_with_its_flag(lines, tmp_path):
    with pytest.raises(SettingsError, match=r"^--log-file: .*No such file"):
        lines(file=str(tmp_path / "none" / "corral.log"))


def test_a_shared_file_is_continued_and_an_own_one_begun_anew(lines, tmp_path):
    path = tmp_path / "corral.log"
    path.write_text("old\n")

    for is_shared in (False, True):
        lines(file=str(path), is_file_shared=is_shared)
        log.get("test").info("line", shared=is_shared)

    assert path.read_text() == "line shared=False\nline shared=True\n"
