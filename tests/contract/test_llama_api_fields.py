"""llama-api's options on the routes that generate: what the engine is asked."""

import msgspec
import pytest

from corral.core.request import Guidance
from corral.core.sampling import MuseParams
from corral.core.settings import GenerationDefaults

CHAT = {"messages": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "hi"}]}
BODIES = {
    "/completion": {"prompt": "x"},
    "/v1/completions": {"prompt": "x"},
    "/v1/chat/completions": CHAT,
}
TEMPLATE = "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{% endfor %}<|assistant|>"


@pytest.fixture(params=BODIES)
def post(request, client, door):
    """Post to each route that generates; return what was asked of the engine."""

    def ask(**fields):
        reply = client.post(request.param, {**BODIES[request.param], **fields})
        assert reply.status_code == 200, reply.text
        return door.requests[-1]

    ask.refused = lambda **fields: client.post(request.param, {**BODIES[request.param], **fields})
    return ask


@pytest.fixture
def templated(door):
    door.model_facts = msgspec.structs.replace(door.model_facts, chat_template=TEMPLATE)


@pytest.mark.parametrize(
    ("field", "value", "name", "expected"),
    [
        ("typical_p", 0.4, "typical_p", 0.4),
        ("tfs_z", 0.9, "tfs_z", 0.9),
        ("repeat_penalty", 1.2, "repeat_penalty", 1.2),
        ("repetition_penalty_range", 30, "repeat_last_n", 30),
        ("repetition_penalty_range", 0, "repeat_last_n", -1),
        ("repeat_sustain", 256, "repeat_sustain", 256),
        ("repeat_sustain", -5, "repeat_sustain", -1),
        ("repeat_decay", 128.0, "repeat_decay", 128),
        ("repeat_decay", -1, "repeat_decay", 0),
        ("repetition_penalty_sustain", 0, "repeat_sustain", 0),
        ("repetition_penalty_decay", 7, "repeat_decay", 7),
        ("mirostat_mode", 2, "mirostat", 2),
        ("mirostat_tau", 3.5, "mirostat_tau", 3.5),
        ("mirostat_eta", 0.2, "mirostat_eta", 0.2),
        ("ban_eos_token", True, "ignore_eos", True),
        ("ban_eos_token", False, "ignore_eos", False),
        ("logit_bias", {"65": -1}, "logit_bias", ((65, -1.0),)),
        ("muse", True, "muse", MuseParams(n_top=3, damp=0.9, damp_initial=1.0, n_ramp=32)),
        ("muse", False, "muse", None),
        ("muse", {"top_k": 5, "damp_ramp_tokens": 0}, "muse", MuseParams(n_top=5, n_ramp=0)),
        ("muse", {"damp": 0, "damp_initial": 1e9}, "muse", MuseParams(damp=1e-3, damp_initial=1e3)),
    ],
)
def test_an_option_reaches_the_engine(post, field, value, name, expected):
    assert getattr(post(**{field: value}).sampling, name) == expected


def test_a_grammar_reaches_the_engine(post):
    assert post(grammar='root ::= "a"').structure.text == 'root ::= "a"'


@pytest.mark.parametrize(
    ("other", "usual", "value"),
    [
        ("repetition_penalty_range", "repeat_last_n", 20),
        ("repetition_penalty_sustain", "repeat_sustain", 20),
        ("mirostat_mode", "mirostat", 1),
        ("ban_eos_token", "ignore_eos", True),
    ],
)
def test_both_names_may_say_the_same(post, other, usual, value):
    assert getattr(post(**{other: value, usual: value}).sampling, usual) == value


@pytest.mark.parametrize(
    ("other", "usual", "values"),
    [
        ("repetition_penalty_range", "repeat_last_n", (20, 30)),
        ("repetition_penalty_range", "repeat_last_n", (0, 0)),
        ("repetition_penalty_decay", "repeat_decay", (0, 1)),
        ("mirostat_mode", "mirostat", (1, 2)),
        ("ban_eos_token", "ignore_eos", (True, False)),
    ],
)
def test_both_names_may_not_disagree(post, refused, other, usual, values):
    refused(post.refused(**{other: values[0], usual: values[1]}), other, usual, "differ")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("muse", "yes"),
        ("muse", {"top_k": 1.5}),
        ("guidance_scale", "2"),
        ("guidance_scale", 0.5),
        ("negative_prompt", 5),
        ("ban_eos_token", "no"),
    ],
)
def test_nonsense_is_refused_by_name(post, refused, field, value):
    refused(post.refused(**{field: value}), field)


def test_without_its_options_a_request_is_not_guided(post):
    asked = post()

    assert asked.guidance is None
    assert asked.sampling.muse is None


@pytest.mark.parametrize("scale", [1, 1.0, None])
def test_scale_1_is_off_whatever_the_negative_prompt(post, scale):
    assert post(guidance_scale=scale, negative_prompt="bad").guidance is None


def test_guidance_needs_no_negative_prompt(post):
    assert post(guidance_scale=2).guidance == Guidance(scale=2, negative=[])


def test_an_empty_negative_prompt_is_none(post):
    assert post(guidance_scale=2, negative_prompt="").guidance == Guidance(scale=2, negative=[])


@pytest.mark.parametrize("path", ["/completion", "/v1/completions"])
@pytest.mark.parametrize(
    ("given", "pieces"), [("bad text", ["bad text"]), ([1, 2, "a"], [[1, 2], "a"])], ids=["text", "ids"]
)
def test_a_completions_negative_prompt_is_taken_as_it_is(client, door, path, given, pieces):
    client.post(path, {"prompt": "x", "guidance_scale": 1.5, "negative_prompt": given})

    assert door.requests[0].guidance == Guidance(scale=1.5, negative=pieces)


def test_unknown_token_ids_are_refused(client, refused):
    body = {"prompt": "x", "guidance_scale": 1.5, "negative_prompt": [99999]}

    refused(client.post("/v1/completions", body), "invalid tokens")


@pytest.mark.usefixtures("templated")
def test_a_chats_negative_prompt_stands_for_its_system_text(client, door):
    client.post("/v1/chat/completions", {**CHAT, "guidance_scale": 1.5, "negative_prompt": "Be rude."})

    (asked,) = door.requests
    assert asked.prompt == ["<|system|>Be kind.<|user|>hi<|assistant|>"]
    assert asked.guidance.negative == ["<|system|>Be rude.<|user|>hi<|assistant|>"]


@pytest.mark.usefixtures("templated")
def test_a_chat_without_system_text_is_given_one(client, door):
    body = {"messages": CHAT["messages"][1:], "guidance_scale": 1.5, "negative_prompt": "Be rude."}

    client.post("/v1/chat/completions", body)

    assert door.requests[0].guidance.negative == ["<|system|>Be rude.<|user|>hi<|assistant|>"]


def test_a_chat_takes_no_token_ids(client, refused):
    body = {**CHAT, "guidance_scale": 2, "negative_prompt": [1]}

    refused(client.post("/v1/chat/completions", body), "negative_prompt", "string")


def test_what_is_on_is_told_with_the_settings(client):
    plain = client.post("/completion", {"prompt": "x"}).json()["generation_settings"]
    body = {"prompt": "x", "muse": True, "guidance_scale": 1.5, "negative_prompt": "bad"}

    shown = client.post("/completion", body).json()["generation_settings"]

    assert not {"muse", "guidance_scale", "negative_prompt"} & plain.keys()
    assert shown["guidance_scale"] == 1.5
    assert shown["negative_prompt"] == ["bad"]
    assert shown["muse"]["top_k"] == 3


def test_muse_has_a_letter_among_the_samplers(client, door):
    client.post("/completion", {"prompt": "x", "samplers": "kut", "muse": True})
    client.post("/completion", {"prompt": "x", "samplers": ["top_k", "muse"]})

    assert [request.sampling.samplers for request in door.requests] == [
        ("top_k", "muse", "temperature"),
        ("top_k", "muse"),
    ]


def test_the_servers_defaults_stay_where_nothing_is_said(make_client, door):
    sampling = msgspec.structs.replace(GenerationDefaults().sampling, repeat_last_n=7, ignore_eos=True)

    make_client(generation=GenerationDefaults(sampling=sampling)).post("/completion", {"prompt": "x"})

    assert door.requests[0].sampling.repeat_last_n == 7
    assert door.requests[0].sampling.ignore_eos
