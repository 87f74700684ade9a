"""The keys of the configuration file."""

from __future__ import annotations

import pytest

from corral.core.caller import CallerTerms, Quota, caller_of_key
from corral.core.errors import SettingsError

WHOLE = """
keys:
- name: team
  key: "0123"
  weight: 2.5
  priority: -1
  requests_per_minute: 60
  requests-per-day: 1000
  tokens_per_minute: 20000
  tokens_per_day: 2000000
  models: [story, tiny-*]
- {name: boss, key_file: boss.key, is_admin: true}
"""


def test_keys_open_the_server_and_have_their_terms(parse):
    server = served(parse, WHOLE, **{"boss.key": "# the boss\nboss-key\n"})

    assert server.api_keys == ("0123", "boss-key")
    assert server.admin_keys == ("boss-key",)
    assert server.terms == {
        caller_of_key("0123"): CallerTerms(
            weight=2.5,
            priority=-1,
            quota=Quota(
                requests_per_minute=60,
                requests_per_day=1000,
                tokens_per_minute=20000,
                tokens_per_day=2000000,
            ),
            models=("story", "tiny-*"),
        ),
        caller_of_key("boss-key"): CallerTerms(),
    }


def test_keys_of_the_command_line_keep_working_with_default_terms(parse):
    server = served(parse, "keys: [{name: a, key: one, weight: 2}]", "--api-key", "other")

    assert server.api_keys == ("other", "one")
    assert list(server.terms) == [caller_of_key("one")]


def test_a_key_that_the_command_line_gives_too_has_the_terms_of_the_file(parse):
    server = served(parse, "keys: [{name: a, key: one, weight: 2}]", "--api-key", "one")

    assert server.terms[caller_of_key("one")].weight == 2.0


def test_one_model_needs_no_list(parse):
    server = served(parse, "keys: [{name: a, key: one, models: tiny}]")

    assert server.terms[caller_of_key("one")].models == ("tiny",)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("keys:", ', "keys": it must hold a list of keys'),
        ("keys: []", ', "keys": it must hold a list of keys'),
        ("keys: {a: b}", ', "keys": it must hold a list of keys'),
        ("keys: [one]", ", keys, entry 1: fields were expected"),
        ("keys: [{key: k}]", ', keys, entry 1: "name" is missing'),
        ("keys: [{name: a}]", ', keys, "a": one of "key" and "key_file" is needed'),
        ("keys: [{name: a, key: k, key_file: f}]", ', keys, "a": one of "key" and "key_file" is needed'),
        ("keys: [{name: a, key: ''}]", ', keys, "a": "key": invalid value (it is empty)'),
        ("keys: [{name: '', key: k}]", ', keys, entry 1: "name": invalid value (it is empty)'),
        ("keys: [{name: a, key: k, wait: 1}]", ', keys, "a": unknown field "wait"; there are name, key, '),
        ("keys: [{name: a, key: k, weight: 0}]", ', keys, "a": "weight": invalid value (0 is not above 0'),
        ("keys: [{name: a, key: k, weight: nan}]", ', keys, "a": "weight": stof'),
        ("keys: [{name: a, key: k, priority: 1.5}]", ', keys, "a": "priority": stoi'),
        ("keys: [{name: a, key: k, tokens_per_day: 0}]", ', keys, "a": "tokens_per_day": '),
        ("keys: [{name: a, key: k, models: []}]", ', keys, "a": "models": it names no model'),
        ("keys: [{name: a, key: k, models: [[b]]}]", ', keys, "a": "models": one value was expected'),
        ("keys: [{name: a, key: k, is_admin: perhaps}]", ', keys, "a": "is_admin": invalid value'),
        ("keys: [{name: a, key: k, is_admin: on, models: b}]", ', keys, "a": "models": an admin key may use'),
        ("keys: [{name: a, key: k}, {name: a, key: l}]", ', keys: the name "a" stands twice'),
        ("keys: [{name: a, key: k}, {name: b, key: k}]", ', keys: "a" and "b" have one key'),
        ("keys: [{name: a, key_file: none}]", ', keys, "a": "key_file": failed to read a key from "none"'),
        ("keys: [{name: a, key_file: two}]", ', keys, "a": "key_file": "two" holds 2 keys'),
    ],
)
def test_a_wrong_entry_is_refused_with_its_field(parse, text, reason):
    with pytest.raises(SettingsError) as caught:
        served(parse, text, two="one\ntwo\n")

    assert caught.value.message.startswith(f"error in the configuration file{reason}")


@pytest.mark.parametrize("wrong", ["weight: -1", "tokens_per_day: many", "wait: 1", "is_admin: 7", "name: b"])
def test_no_complaint_shows_the_key(parse, wrong):
    with pytest.raises(SettingsError) as caught:
        served(parse, f"keys: [{{name: a, key: sesame}}, {{name: b, key: sesame}}, {{key: sesame, {wrong}}}]")

    assert "sesame" not in caught.value.message


def served(parse, text, *flags, **files):
    files = {"corral.yaml": text, **files}
    return parse("--config", "corral.yaml", *flags, files=files).settings.server
