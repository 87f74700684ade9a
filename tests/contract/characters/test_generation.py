"""POST /chat: what the engine is asked for."""

import pytest

MINIMAL = {"max_new_tokens": 50}
DEFAULTS = {
    "temperature": 0.44,
    "top_k": 20,
    "top_p": 0.65,
    "min_p": 0.0,
    "repeat_penalty": 1.15,
    "repeat_sustain": 256,
    "repeat_decay": 128,
    "seed": None,
    "mirostat": 0,
}


def fields_of(sampling):
    return {name: getattr(sampling, name) for name in DEFAULTS}


@pytest.fixture
def sampling_for(ask):
    def sampling(**params):
        return ask(genParams={**MINIMAL, **params}).sampling

    return sampling


def test_the_defaults_are_exllamas(sampling_for):
    assert fields_of(sampling_for()) == DEFAULTS


def test_null_is_the_default(sampling_for):
    assert fields_of(sampling_for(top_k=None, temperature=None, repetition_penalty_max=None)) == DEFAULTS


def test_temperature_comes_before_what_cuts_and_penalties_before_it(sampling_for):
    assert sampling_for().samplers == ("penalties", "temperature", "top_k", "top_p", "min_p")


def test_line_breaks_are_penalised_as_all_tokens_are(sampling_for):
    assert sampling_for().is_newline_penalized


@pytest.mark.parametrize("spelling", ["token_repetition_penalty_", "repetition_penalty_"])
def test_both_spellings_of_the_penalties_count(sampling_for, spelling):
    given = {f"{spelling}max": 1.3, f"{spelling}sustain": 64.0, f"{spelling}decay": 32}

    sampling = sampling_for(**given)

    assert (sampling.repeat_penalty, sampling.repeat_sustain, sampling.repeat_decay) == (1.3, 64, 32)


def test_both_spellings_may_say_the_same(sampling_for):
    assert sampling_for(token_repetition_penalty_max=1.2, repetition_penalty_max=1.2).repeat_penalty == 1.2


@pytest.mark.parametrize(
    ("given", "field", "value"),
    [
        ({"temperature": 1}, "temperature", 1.0),
        ({"temperature": 0}, "temperature", 0.0),
        ({"top_k": 0}, "top_k", 0),
        ({"top_k": 50.0}, "top_k", 50),
        ({"top_p": 0.9}, "top_p", 0.9),
        ({"top_p": 0}, "top_p", 1.0),
        ({"min_p": 0.1}, "min_p", 0.1),
        ({"token_repetition_penalty_sustain": -1}, "repeat_sustain", -1),
        ({"token_repetition_penalty_decay": 0}, "repeat_decay", 0),
        ({"seed": 7}, "seed", 7),
        ({"seed": -1}, "seed", None),
        ({"min_length": 5, "max_length": 9, "beams": 1, "beam_length": 1}, "seed", None),
    ],
)
def test_an_option_comes_to_the_sampler(sampling_for, given, field, value):
    assert getattr(sampling_for(**given), field) == value


def test_max_new_tokens_bounds_the_answer(ask):
    assert ask(genParams=MINIMAL).max_tokens == 50


def test_the_users_turn_ends_the_answer_and_so_do_own_stops(ask):
    assert ask(genParams=MINIMAL).stop == ("\nSam:",)
    assert ask(genParams={**MINIMAL, "stop": "THE END"}).stop == ("THE END", "\nSam:")
    assert ask(genParams={**MINIMAL, "stop": ["a", ""]}).stop == ("a", "\nSam:")


def test_a_user_without_a_name_ends_nothing(ask):
    assert ask(genParams=MINIMAL, userName="").stop == ()


def test_a_seed_repeats_because_its_prompt_is_evaluated_anew(ask):
    assert ask(genParams=MINIMAL).is_cache_wanted
    assert ask(genParams={**MINIMAL, "seed": -1}).is_cache_wanted
    assert not ask(genParams={**MINIMAL, "seed": 7}).is_cache_wanted


def test_the_request_belongs_to_its_caller(locked_client, door, make_body):
    key = {"Authorization": "Bearer first-key"}

    assert locked_client.post("/chat", make_body(), headers=key).status_code == 200
    assert door.requests[-1].caller == door.scores[-1][3] != ""
