"""What counts as being spoken of."""

import pytest

from corral.prompt.lorebook.book import LoreEntry
from corral.prompt.lorebook.entry_keys import MAX_PATTERNS_WEIGHT, KeyRing
from corral.prompt.lorebook.mentions import Texts
from corral.prompt.lorebook.patterns import MAX_SEARCHED, MAX_WEIGHT

SLASHED = {"is_regex": True, "is_slashed": True}


def is_said(text, key, **wanted):
    keys = KeyRing().cut(LoreEntry(content="x", keys=(key,), **wanted))
    return Texts([text], [keys]).mentions(keys).are_in(0, 1)


@pytest.mark.parametrize(
    ("text", "key", "wanted", "expected"),
    [
        ("The DRAGON woke", "dragon", {}, True),
        ("The DRAGON woke", "dragon", {"is_case_sensitive": True}, False),
        ("dragonfly", "dragon", {}, True),
        ("dragonfly", "dragon", {"is_whole_word": True}, False),
        ("a dragonfly and a dragon", "dragon", {"is_whole_word": True}, True),
        ("dragon", "dragon", {"is_whole_word": True}, True),
        ("(dragon)", "dragon", {"is_whole_word": True}, True),
        ("snap_dragon", "dragon", {"is_whole_word": True}, False),
        ("I write C++20", "c++", {"is_whole_word": True}, True),
        ("die Straße", "STRASSE", {}, True),
        ("cafe\u0301", "café", {}, True),
        ("昨日東京へ行った", "東京", {"is_whole_word": True}, True),
        ("我用Python写", "python", {"is_whole_word": True}, True),
        ("서울은 크다", "서울", {"is_whole_word": True}, True),
        ("ฉันรักแมวมาก", "แมว", {"is_whole_word": True}, True),
        ("замок", "зам", {"is_whole_word": True}, False),
        ("anything", "dragon", {}, False),
        ("a dragon", "  dragon ", {}, True),
        ("two dragons", r"dra(gon|ke)s?\b", {"is_regex": True}, True),
        ("two DRAKES", r"dra(gon|ke)s?\b", {"is_regex": True}, True),
        ("two DRAKES", r"dra(gon|ke)s?\b", {"is_regex": True, "is_case_sensitive": True}, False),
        ("DRAKE", "/drake/", {"is_regex": True}, False),
        ("DRAKE", "/drake/gi", {"is_regex": True}, True),
        ("a\nb", "/a.b/s", {"is_regex": True}, True),
        ("Mr. Smith (old)", "Mr. Smith (old)", SLASHED, True),
        ("Mr. Smith old", "Mr. Smith (old)", SLASHED, False),
        ("A STORM", r"/\bstorm\b/i", SLASHED, True),
        ("stormy", r"/\bstorm\b/i", SLASHED, False),
        ("in /usr/bin", "/usr/bin", SLASHED, True),
        ("either/or", r"/r\/o/", SLASHED, True),
        ("dragonfly", "dragon", {**SLASHED, "is_whole_word": True}, False),
    ],
)
def test_key_is_said(text, key, wanted, expected):
    assert is_said(text, key, **wanted) is expected


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("(", "unclosed group"),
        ("(?=a)b", "look-around"),
        (r"(a)\1", "backreferences"),
        ("a" * (MAX_WEIGHT + 1), "too long"),
        ("(a{100}){100}", "repeats too much"),
        ("/a/x", "unknown flag 'x'"),
    ],
)
def test_pattern_that_cannot_be_used_silences_its_entry_and_is_told(pattern, reason):
    ring = KeyRing()

    keys = ring.cut(LoreEntry(content="x", keys=("plain", pattern), is_regex=True, name="Smaug"))

    assert keys is None
    assert len(ring.complaints) == 1
    assert "'Smaug'" in ring.complaints[0]
    assert reason in ring.complaints[0]


def test_book_with_too_many_expressions_loses_those_that_come_last():
    ring = KeyRing()
    entries = [
        LoreEntry(content="x", keys=(f"a{number:03}" * 100,), is_regex=True)
        for number in range(MAX_PATTERNS_WEIGHT // 400 + 2)
    ]

    keys = [ring.cut(entry) for entry in entries]

    assert [each is None for each in keys] == [False] * (len(entries) - 2) + [True] * 2
    assert len(ring.complaints) == 2


def test_pattern_that_would_backtrack_for_ever_answers():
    assert is_said("a" * 100_000, "(a+)+$", is_regex=True)
    assert not is_said("a" * 100_000, "^(a|a)*b", is_regex=True)


def test_pattern_looks_at_the_beginning_of_a_long_text_only():
    assert is_said("a" * (MAX_SEARCHED - 1) + "b", "b", is_regex=True)
    assert not is_said("a" * MAX_SEARCHED + "b", "b", is_regex=True)


def test_entry_without_keys_that_say_something_has_none():
    assert KeyRing().cut(LoreEntry(content="x", keys=("", "  "))) is None


def test_selective_entry_without_secondary_keys_asks_for_none():
    keys = KeyRing().cut(LoreEntry(content="x", keys=("a",), is_selective=True, secondary_keys=(" ",)))

    assert keys.secondary is None


def test_secondary_keys_count_only_where_the_entry_is_selective():
    keys = KeyRing().cut(LoreEntry(content="x", keys=("a",), secondary_keys=("b",)))

    assert keys.secondary is None
