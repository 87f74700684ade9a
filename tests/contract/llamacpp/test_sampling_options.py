"""Sampling options on the wire: what each becomes, what the answer says of it, and what is refused."""

from __future__ import annotations

import math

import pytest

from corral.core.sampler_names import LETTERS, NAMES
from corral.core.sampling import DEFAULT_SAMPLERS, MAX_BIAS


@pytest.fixture
def ask(client):
    return lambda **body: client.post("/completion", {"prompt": "a", **body})


@pytest.fixture
def sampled(ask, door):
    """Return the sampling of a request with `body`."""

    def of(**body):
        reply = ask(**body)
        assert reply.status_code == 200, reply.text
        return door.requests[-1].sampling

    return of


@pytest.mark.parametrize(
    ("wire", "field", "value"),
    [
        ("tfs_z", "tfs_z", 0.5),
        ("penalize_nl", "is_newline_penalized", True),
        ("adaptive_target", "adaptive_target", 0.25),
        ("adaptive_decay", "adaptive_decay", 0.5),
        ("top_n_sigma", "top_n_sigma", 1.5),
        ("dynatemp_range", "dynatemp_range", 0.5),
        ("mirostat", "mirostat", 2),
        ("min_keep", "min_keep", 3),
        ("repeat_last_n", "repeat_last_n", -1),
    ],
)
def test_an_option_reaches_the_engine_and_the_settings_told(ask, door, wire, field, value):
    settings = ask(**{wire: value}).json()["generation_settings"]

    assert getattr(door.requests[-1].sampling, field) == value
    assert settings[wire] == value


def test_the_reach_of_exllamas_penalty_is_told_where_it_is_in_force(ask):
    plain = ask(repeat_decay=3).json()["generation_settings"]
    settings = ask(repetition_penalty_sustain=256, repetition_penalty_decay=128).json()["generation_settings"]

    assert "repeat_decay" not in plain
    assert (settings["repeat_sustain"], settings["repeat_decay"]) == (256, 128)


def test_without_options_the_settings_tell_the_defaults(ask):
    settings = ask().json()["generation_settings"]

    assert settings["tfs_z"] == 1.0
    assert settings["penalize_nl"] is False
    assert settings["adaptive_target"] == -1.0
    assert settings["backend_sampling"] is False
    listed = [name for name in settings["samplers"] if name in OLD_LIST]
    assert listed == OLD_LIST


OLD_LIST = ["top_k", "tfs_z", "typical_p", "top_p", "min_p", "temperature"]


@pytest.mark.parametrize(
    ("given", "used"),
    [
        (OLD_LIST, ("top_k", "tfs_z", "typ_p", "top_p", "min_p", "temperature")),
        (["top-k", "topk", "nucleus", "top-p"], ("top_k", "top_k", "top_p", "top_p")),
        (["typ", "typ_p", "typ-p", "typical", "typical_p", "typical-p"], ("typ_p",) * 6),
        (["tfs", "tfs-z", "tfs_z", "temp", "temperature"], ("tfs_z",) * 3 + ("temperature",) * 2),
        (["min-p", "minp", "adaptive-p", "top-n-sigma"], ("min_p", "min_p", "adaptive_p", "top_n_sigma")),
        (["penalties", "infill", "xtc", "dry", "mirostat", ""], ("penalties", "infill", "xtc", "dry")),
        ("kfypmt", ("top_k", "tfs_z", "typ_p", "top_p", "min_p", "temperature")),
        ("edskypmxt", tuple(name for name in DEFAULT_SAMPLERS if name != "tfs_z")),
        ("iaZ k", ("infill", "adaptive_p", "top_k")),
        ("top_p;top_k", ("top_p", "top_k")),
        ([], ()),
        ("", ()),
    ],
)
def test_samplers_come_by_name_or_by_letter(sampled, given, used):
    assert sampled(samplers=given).samplers == used


def test_every_sampler_has_a_letter_and_a_name():
    assert set(LETTERS.values()) == NAMES
    assert set(DEFAULT_SAMPLERS) < NAMES


@pytest.mark.parametrize(
    ("name", "given", "used"),
    [
        ("tfs_z", -1, 0.0),
        ("tfs_z", 7, 1.0),
        ("top_p", 1.5, 1.0),
        ("min_p", -0.5, 0.0),
        ("xtc_probability", 9, 1.0),
        ("adaptive_target", 2, 1.0),
        ("adaptive_decay", 1, 0.99),
        ("adaptive_decay", -1, 0.0),
        ("temperature", 1e-30, 1e-6),
        ("temperature", 0, 0.0),
        ("temperature", -1, -1.0),
        ("repeat_penalty", 1e-30, 1e-3),
        ("repeat_penalty", 1e30, 1e3),
        ("presence_penalty", -1e38, -1000.0),
        ("frequency_penalty", 1e300, 1000.0),
        ("dry_multiplier", -3, 0.0),
        ("dynatemp_exponent", -3, 0.0),
    ],
)
def test_a_number_out_of_range_is_clamped_and_told_so(ask, door, name, given, used):
    settings = ask(**{name: given}).json()["generation_settings"]

    assert getattr(door.requests[-1].sampling, name) == used
    assert settings[name] == pytest.approx(used)


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({"repeat_penalty": 0}, "repeat_penalty"),
        ({"repeat_penalty": -1.5}, "repeat_penalty"),
        ({"samplers": ["top_k"] * 65}, "samplers"),
        ({"samplers": "k" * 65}, "samplers"),
        ({"samplers": 1}, "samplers"),
        ({"dry_sequence_breakers": ["x"] * 65}, "dry_sequence_breakers"),
        ({"backend_sampling": True}, "backend_sampling"),
        ({"penalize_nl": "yes"}, "penalize_nl"),
        ({"tfs_z": "low"}, "tfs_z"),
    ],
)
def test_what_cannot_be_honoured_is_refused_by_name(ask, door, refused, body, word):
    refused(ask(**body), f"'{word}'")

    assert door.requests == []


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_are_none_are_refused(client, refused, text):
    body = b'{"prompt": "a", "temperature": ' + text.encode() + b"}"

    refused(client.post("/completion", content=body, headers={"content-type": "application/json"}))


def test_backend_sampling_may_be_left_off(sampled):
    assert sampled(backend_sampling=False)


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ([[5, 1e300], [6, -1e300]], ((5, MAX_BIAS), (6, -MAX_BIAS))),
        ([["no", False], ["yes", 1]], (("no", -math.inf), ("yes", 1.0))),
        ([[5, 1], [5, 2]], ((5, 1.0), (5, 2.0))),
        ({"7": False, "-7": 1, "seven": 2}, ((7, -math.inf), ("-7", 1.0), ("seven", 2.0))),
        ([], ()),
        (None, ()),
    ],
)
def test_logit_bias_stays_within_what_a_float_can_add(sampled, given, used):
    assert sampled(logit_bias=given).logit_bias == used


@pytest.mark.parametrize(
    ("seed", "told"), [(-1, 4294967295), (4294967295, 4294967295), (4294967294, 4294967294), (0, 0)]
)
def test_the_seed_told_is_the_one_asked_for(ask, seed, told):
    settings = ask(seed=seed).json()["generation_settings"]

    assert settings["seed"] == told
    assert settings["seed_cur"] == 42


def test_chat_takes_the_same_options(client, door):
    body = {
        "messages": [{"role": "user", "content": "a"}],
        "tfs_z": 0.5,
        "samplers": "ft",
        "penalize_nl": True,
    }

    assert client.post("/v1/chat/completions", body).status_code == 200

    sampling = door.requests[-1].sampling
    assert (sampling.tfs_z, sampling.samplers, sampling.is_newline_penalized) == (
        0.5,
        ("tfs_z", "temperature"),
        True,
    )
