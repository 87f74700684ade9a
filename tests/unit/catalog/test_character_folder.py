"""The folder of characters: what counts as one, what is kept when a file breaks, what is never opened."""

from __future__ import annotations

import asyncio
import os
import threading

import pytest

from corral.catalog.character_files import MAX_BYTES
from corral.catalog.character_folder import FRESH_S, CharacterFolder
from corral.core.errors import CorralError, NotFoundError


class Content:
    """What the test's files hold: their text, which is their name too."""

    def __init__(self, name):
        self.name = name


class HandClock:
    """A clock that a test sets."""

    def __init__(self):
        self.time_s = 100.0

    def now_s(self):
        return self.time_s


class Reader:
    """Reads texts, refuses those that begin with "bad", and writes down what it was given."""

    def __init__(self):
        self.seen = []

    def __call__(self, content, name):
        self.seen.append(name)
        text = content.decode()
        if text.startswith("bad"):
            raise CorralError(f"line 1: {text}")
        if text.startswith("odd"):
            raise ValueError(text)
        return Content(text)


@pytest.fixture
def read():
    return Reader()


@pytest.fixture
def folder(tmp_path, read):
    return CharacterFolder(tmp_path, read)


def put(path, text):
    """Write a file that differs from the last one, however soon it comes."""
    path.write_text(text)
    put.n += 1
    os.utime(path, ns=(put.n, put.n))


put.n = 10**18


@pytest.fixture
def told(monkeypatch):
    """Return the reasons of the warnings, in order."""
    reasons = []
    monkeypatch.setattr(
        "corral.catalog.character_folder._log.warning",
        lambda _event, **facts: reasons.append(facts["reason"]),
    )
    return reasons


def test_a_character_is_called_as_its_file(folder, tmp_path):
    for name in ("mira.yaml", "bo.yml", "Zed.json", "art.PNG", "v1.2.json"):
        put(tmp_path / name, f"own {name}")

    folder.look()

    assert folder.names() == ["Zed", "art", "bo", "mira", "v1.2"]
    assert folder.find("mira").name == "own mira.yaml"
    assert folder.complaints() == {}


@pytest.mark.parametrize(
    "name", [".hidden.yaml", "notes.txt", "mira", "a\n.yaml", "mira.yaml~", os.fsdecode(b"\xff.json")]
)
def test_what_is_no_character_is_left_out(folder, tmp_path, read, name):
    put(tmp_path / name, "text")

    folder.look()

    assert (folder.names(), folder.complaints(), read.seen) == ([], {}, [])


def test_the_case_of_a_name_counts(folder, tmp_path):
    put(tmp_path / "mira.yaml", "x")
    folder.look()

    with pytest.raises(NotFoundError, match="There is no character 'Mira'; there are mira"):
        folder.find("Mira")


def test_a_name_of_its_own_finds_a_character_if_no_other_has_it(folder, tmp_path):
    put(tmp_path / "a.yaml", "Mira of the Lake")
    put(tmp_path / "b.yaml", "Bo")
    put(tmp_path / "c.yaml", "Bo")
    put(tmp_path / "d.yaml", "a")
    folder.look()

    assert folder.find("Mira of the Lake") is folder.find("a")
    assert folder.find("a").name != "a"  # the name of a file goes first
    with pytest.raises(NotFoundError, match="no character 'Bo'"):
        folder.find("Bo")


def test_of_two_files_with_one_name_the_first_kind_counts(folder, tmp_path):
    put(tmp_path / "mira.png", "picture")
    put(tmp_path / "mira.yaml", "text")

    folder.look()

    assert folder.find("mira").name == "text"
    assert folder.complaints() == {"mira.png": "mira.yaml has the same name, and counts"}


def test_only_new_and_changed_files_are_opened(folder, tmp_path, read):
    put(tmp_path / "mira.yaml", "one")
    put(tmp_path / "bo.yaml", "bo")
    folder.look()
    put(tmp_path / "mira.yaml", "two")

    folder.look()
    folder.look()

    assert read.seen == ["bo.yaml", "mira.yaml", "mira.yaml"]
    assert folder.find("mira").name == "two"


def test_a_broken_file_keeps_what_it_said_and_is_told_of_once(tmp_path, read, told):
    clock = HandClock()
    folder = CharacterFolder(tmp_path, read, clock=clock)
    put(tmp_path / "mira.yaml", "good")
    folder.look()
    put(tmp_path / "mira.yaml", "bad now")

    for _ in range(3):
        clock.time_s += FRESH_S
        asyncio.run(folder.refresh())

    assert folder.find("mira").name == "good"
    assert folder.complaints() == {"mira.yaml": "line 1: bad now"}
    assert told == ["line 1: bad now"]


def test_a_file_that_was_never_good_says_why(folder, tmp_path):
    put(tmp_path / "mira.yaml", "bad from the start")
    put(tmp_path / "bo.yaml", "bo")
    folder.look()

    assert folder.names() == ["bo"]
    with pytest.raises(NotFoundError, match="'mira' cannot be read: line 1: bad from the start"):
        folder.find("mira")


def test_a_mended_file_is_fine_again(folder, tmp_path):
    put(tmp_path / "mira.yaml", "bad")
    folder.look()
    put(tmp_path / "mira.yaml", "good")

    folder.look()

    assert folder.find("mira").name == "good"
    assert folder.complaints() == {}


def test_a_vanished_file_is_gone_with_its_complaint(folder, tmp_path):
    put(tmp_path / "mira.yaml", "good")
    folder.look()
    put(tmp_path / "mira.yaml", "bad")
    folder.look()
    (tmp_path / "mira.yaml").unlink()

    folder.look()

    assert (folder.names(), folder.complaints()) == ([], {})


def test_a_file_that_its_reader_stumbles_over_does_not_hide_the_others(folder, tmp_path):
    put(tmp_path / "odd.yaml", "odd thing")
    put(tmp_path / "mira.yaml", "good")

    folder.look()

    assert folder.names() == ["mira"]
    assert "odd thing" in folder.complaints()["odd.yaml"]


def test_a_huge_file_is_not_read(folder, tmp_path, read):
    with (tmp_path / "mira.png").open("wb") as file:
        file.truncate(MAX_BYTES + 1)

    folder.look()

    assert read.seen == []
    assert str(MAX_BYTES) in folder.complaints()["mira.png"]


def test_a_link_out_of_the_folder_is_not_followed(tmp_path, read):
    (tmp_path / "inside").mkdir()
    put(tmp_path / "secret.yaml", "secret")
    put(tmp_path / "inside" / "real.yaml", "real")
    (tmp_path / "inside" / "mira.yaml").symlink_to(tmp_path / "secret.yaml")
    (tmp_path / "inside" / "near.yaml").symlink_to("real.yaml")
    (tmp_path / "inside" / "round.yaml").symlink_to("round.yaml")
    (tmp_path / "inside" / "none.yaml").symlink_to("none-such")
    folder = CharacterFolder(tmp_path / "inside", read)

    folder.look()

    assert folder.names() == ["near", "real"]
    assert "out of the folder" in folder.complaints()["mira.yaml"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_not_waited_for(folder, tmp_path):
    os.mkfifo(tmp_path / "mira.yaml")

    folder.look()

    assert folder.names() == []


def test_a_name_with_a_path_finds_nothing(folder, tmp_path):
    put(tmp_path / "mira.yaml", "x")
    folder.look()

    for name in ("../mira", "./mira", "mira.yaml", str(tmp_path / "mira"), ""):
        with pytest.raises(NotFoundError):
            folder.find(name)


def test_a_folder_that_is_gone_is_told_of_and_comes_back(tmp_path, read):
    folder = CharacterFolder(tmp_path / "later", read)
    folder.look()
    complaint = folder.complaints()
    (tmp_path / "later").mkdir()
    put(tmp_path / "later" / "mira.yaml", "x")

    folder.look()

    assert "cannot be read" in complaint[str(tmp_path / "later")]
    assert (folder.names(), folder.complaints()) == (["mira"], {})


def test_a_folder_that_may_come_later_is_no_complaint_until_then(tmp_path, read):
    folder = CharacterFolder(tmp_path / "later", read, is_optional=True)
    folder.look()
    complaints = folder.complaints()
    (tmp_path / "later").mkdir()
    put(tmp_path / "later" / "mira.yaml", "x")

    folder.look()

    assert complaints == {}
    assert folder.names() == ["mira"]


def test_without_a_folder_there_are_none(read):
    folder = CharacterFolder(None, read)

    folder.look()
    asyncio.run(folder.refresh())

    assert folder.names() == []
    with pytest.raises(NotFoundError, match="--characters-dir"):
        folder.find("mira")


def test_a_long_list_of_names_is_cut_in_an_error(folder, tmp_path):
    for n in range(40):
        put(tmp_path / f"c{n:02}.yaml", str(n))
    folder.look()

    with pytest.raises(NotFoundError, match="c29 and 10 more"):
        folder.find("none")


def test_while_a_look_takes_its_time_the_last_one_answers(tmp_path):
    is_begun, may_end = threading.Event(), threading.Event()

    def read(content, _name):
        if content == b"slow":
            is_begun.set()
            assert may_end.wait(30)
        return Content(content.decode())

    clock = HandClock()
    folder = CharacterFolder(tmp_path, read, clock=clock)
    put(tmp_path / "mira.yaml", "before")
    asyncio.run(folder.refresh())
    put(tmp_path / "mira.yaml", "slow")
    clock.time_s += FRESH_S
    slow = threading.Thread(target=folder.look)
    slow.start()
    assert is_begun.wait(30)
    asyncio.run(folder.refresh())
    meanwhile = folder.find("mira").name
    may_end.set()
    slow.join()

    assert (meanwhile, folder.find("mira").name) == ("before", "slow")


def test_it_is_looked_into_every_few_seconds_at_most(tmp_path, read):
    clock = HandClock()
    folder = CharacterFolder(tmp_path, read, clock=clock)
    asyncio.run(folder.refresh())
    put(tmp_path / "mira.yaml", "x")
    clock.time_s += FRESH_S / 2
    asyncio.run(folder.refresh())
    before = folder.names()
    clock.time_s += FRESH_S

    asyncio.run(folder.refresh())

    assert (before, folder.names()) == ([], ["mira"])
