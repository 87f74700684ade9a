"""From the drawer's fields, and a character, to a request."""

import asyncio

import pytest

from corral.api.serving import Serving
from corral.core.messages import ModelFacts
from corral.core.sampling import SamplingParams
from corral.core.settings import GenerationDefaults, Settings
from corral.prompt.messages import Message
from corral.prompt.persona import Persona, PersonaSampling
from corral.ui.asking import ask_for
from corral.ui.wishes import Wishes

MIRA = Persona(
    name="Mira",
    description="{{char}} keeps a lighthouse.",
    stop=("\n{{user}}:",),
    sampling=PersonaSampling(temperature=1.5, max_tokens=30),
)
HI = (Message("user", "hi"),)


class Door:
    """Counts a token for each word."""

    name = "a"

    def facts(self):
        return ModelFacts(name="a", n_ctx=8192, n_slots=4)

    async def count(self, texts, **_):
        return [len(text.split()) for text in texts]


def request(wishes, *, persona=None, messages=HI, **defaults):
    serving = Serving(Door(), Settings(generation=GenerationDefaults(**defaults)))
    serving = serving if persona is None else serving.speaking_as(persona)
    return asyncio.run(ask_for([*messages], wishes, serving, "someone")).request


def test_the_chat_and_the_caller_are_passed_on():
    made = request(Wishes())

    assert made.prompt == ["<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n"]
    assert (made.caller, made.is_streamed) == ("someone", True)


def test_every_request_has_an_id_of_its_own():
    assert request(Wishes()).request_id != request(Wishes()).request_id


def test_an_empty_temperature_is_the_servers():
    sampling = SamplingParams(temperature=0.3, top_k=7)

    assert request(Wishes(), sampling=sampling).sampling == sampling


def test_a_temperature_changes_nothing_else():
    made = request(Wishes(temperature=0), sampling=SamplingParams(top_k=7))

    assert made.sampling == SamplingParams(temperature=0.0, top_k=7)


@pytest.mark.parametrize(
    ("wished", "cap", "limit"),
    [(None, -1, None), (50.0, -1, 50), (None, 80, 80), (50, 80, 50), (99, 80, 80), (0.5, -1, 1)],
)
def test_the_limit_is_the_smaller_of_the_readers_and_the_servers(wished, cap, limit):
    made = request(Wishes(max_tokens=wished), n_predict=cap)

    assert made.max_tokens == limit
    assert made.is_until_context_full == (limit is None)


def test_the_servers_stop_strings_end_answers_here_too():
    assert request(Wishes(), stop=("END",)).stop == ("END",)


def test_a_character_is_told_to_the_model_before_the_chat():
    made = request(Wishes(), persona=MIRA)

    assert "Mira keeps a lighthouse." in made.prompt[0]
    assert made.prompt[0].endswith("<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n")


def test_the_readers_system_text_stands_behind_the_characters():
    chat = (Message("system", "Be brief."), Message("user", "hi"))

    system, _, _ = request(Wishes(), persona=MIRA, messages=chat).prompt[0].partition("<|im_end|>")

    assert system.index("lighthouse") < system.index("Be brief.")


def test_a_character_has_its_own_manner_where_the_reader_wishes_nothing():
    made = request(Wishes(), persona=MIRA, stop=("END",))

    assert (made.sampling.temperature, made.max_tokens) == (1.5, 30)
    assert made.stop == ("END", "\nUser:")
    assert not made.is_until_context_full


def test_the_readers_wishes_win_over_the_characters():
    made = request(Wishes(temperature=0.2, max_tokens=99), persona=MIRA)

    assert (made.sampling.temperature, made.max_tokens) == (0.2, 99)
