"""From the drawer's fields to a request."""

import pytest

from corral.core.sampling import SamplingParams
from corral.core.settings import GenerationDefaults
from corral.prompt.templates import Prompt
from corral.ui.wishes import Wishes, to_request

PROMPT = Prompt("<bos>hi", is_bos_wanted=False)


def request(wishes, **defaults):
    return to_request(PROMPT, wishes, GenerationDefaults(**defaults), "someone")


def test_the_prompt_and_the_caller_are_passed_on():
    made = request(Wishes())

    assert (made.prompt, made.is_bos_wanted, made.caller) == (["<bos>hi"], False, "someone")


def test_every_request_has_an_id_of_its_own():
    assert request(Wishes()).request_id != request(Wishes()).request_id


def test_an_empty_temperature_is_the_servers():
    sampling = SamplingParams(temperature=0.3, top_k=7)

    assert request(Wishes(), sampling=sampling).sampling == sampling


def test_a_temperature_changes_nothing_else():
    made = request(Wishes(temperature=0), sampling=SamplingParams(top_k=7))

    assert made.sampling == SamplingParams(temperature=0.0, top_k=7)


@pytest.mark.parametrize(
    ("wished", "cap", "limit"), [(None, -1, None), (50.0, -1, 50), (None, 80, 80), (50, 80, 50), (99, 80, 80)]
)
def test_the_limit_is_the_smaller_of_the_readers_and_the_servers(wished, cap, limit):
    made = request(Wishes(max_tokens=wished), n_predict=cap)

    assert made.max_tokens == limit
    assert made.is_until_context_full == (limit is None)
