"""POST /infill, and `suffix` of /v1/completions."""

import msgspec
import pytest

from corral.core.messages import InfillTokens
from corral.core.settings import ServerSettings

BOS, PRE, SUF, MID, REP, SEP = 256, 250, 251, 252, 253, 254


def ids(text):
    return list(text.encode())


@pytest.fixture
def facts(door):
    def change(**fields):
        door.model_facts = msgspec.structs.replace(door.model_facts, **fields)

    change(infill=InfillTokens(prefix=PRE, suffix=SUF, middle=MID))
    return change


@pytest.fixture
def prompt(door):
    """Give the one piece of token ids that the last request consists of."""

    def last():
        (piece,) = door.requests[-1].prompt
        return piece

    return last


@pytest.mark.usefixtures("facts")
def test_the_gap_comes_last(client, prompt):
    reply = client.post("/infill", {"input_prefix": "ab", "input_suffix": "cd"}).json()

    assert prompt() == [BOS, PRE, *ids("ab"), SUF, *ids("cd"), MID]
    assert reply["content"] == "Hello!"
    assert reply["stop_type"] == "eos"


@pytest.mark.usefixtures("facts")
def test_the_suffix_may_come_first(make_client, prompt):
    client = make_client(server=ServerSettings(is_infill_suffix_first=True))

    client.post("/infill", {"input_prefix": "ab", "input_suffix": "cd", "prompt": "x"})

    assert prompt() == [BOS, SUF, *ids("cd"), PRE, *ids("abx"), MID]


@pytest.mark.usefixtures("facts")
def test_what_was_typed_follows_the_prefix(client, prompt):
    client.post("/infill", {"input_prefix": "ab", "input_suffix": "cd", "prompt": "xy"})

    assert prompt() == [BOS, PRE, *ids("abxy"), SUF, *ids("cd"), MID]


def test_bos_is_the_models_wish(client, facts, prompt):
    facts(is_bos_added=False)

    client.post("/infill", {"input_prefix": "ab", "input_suffix": ""})

    assert prompt() == [PRE, *ids("ab"), SUF, MID]


@pytest.mark.usefixtures("facts")
@pytest.mark.parametrize(
    ("body", "sides"), [({"input_prefix": "a"}, [PRE, 97, SUF]), ({"input_suffix": "b"}, [PRE, SUF, 98])]
)
def test_one_side_may_be_absent(client, prompt, body, sides):
    client.post("/infill", body)

    assert prompt() == [BOS, *sides, MID]


@pytest.mark.usefixtures("facts")
def test_special_tokens_in_files_are_text(client, prompt):
    client.post("/infill", {"input_prefix": "<s>a", "input_suffix": "<s>b", "prompt": "<s>c"})

    assert prompt() == [BOS, PRE, *ids("<s>a"), BOS, *ids("c"), SUF, *ids("<s>b"), MID]


def test_other_files_come_before_all(client, facts, prompt):
    facts(infill=InfillTokens(prefix=PRE, suffix=SUF, middle=MID, repository=REP, separator=SEP), n_batch=64)
    extra = [{"text": "int f();\n", "filename": "f.h"}, {"text": "x"}]

    client.post("/infill", {"input_prefix": "a", "input_suffix": "b", "input_extra": extra})

    context = [REP, *ids("myproject\n"), SEP, *ids("f.h\nint f();\n"), SEP, *ids("tmp\nx")]
    assert prompt() == [*context, SEP, *ids("filename\n"), BOS, PRE, 97, SUF, 98, MID]


def test_without_a_token_for_it_files_are_snippets(client, facts, prompt):
    facts(n_batch=64)

    client.post("/infill", {"input_prefix": "a", "input_suffix": "b", "input_extra": [{"text": "x"}]})

    assert prompt() == [*ids("\n\n--- snippet ---\n\nx"), BOS, PRE, 97, SUF, 98, MID]


def test_long_sides_are_cut_where_they_are_far_from_the_gap(client, facts, prompt):
    facts(n_batch=40)

    client.post("/infill", {"input_prefix": "p" * 50 + "q", "input_suffix": "r" + "s" * 50, "prompt": "t"})

    assert prompt() == [BOS, PRE, *ids("p" * 29 + "qt"), SUF, *ids("r" + "s" * 6), MID]


def test_other_files_leave_room_for_the_answer(client, facts, prompt):
    facts(n_batch=40, n_ctx=100)
    body = {"input_prefix": "a", "input_suffix": "b", "input_extra": [{"text": "x" * 500}]}

    client.post("/infill", {**body, "n_predict": 25})

    assert prompt() == [*ids("x" * 10), BOS, PRE, 97, SUF, 98, MID]


def test_the_prompt_fits_into_a_context_smaller_than_the_batch(client, facts, prompt):
    facts(n_batch=2048, n_ctx=40)

    client.post("/infill", {"input_prefix": "p" * 99, "input_suffix": "s" * 99})

    assert len(prompt()) == 1 + 1 + 30 + 1 + 8 + 1


@pytest.mark.usefixtures("facts")
def test_options_of_a_completion_are_taken(client, door):
    body = {"input_prefix": "a", "input_suffix": "b", "n_predict": 7, "temperature": 0, "stop": ["\n"]}

    events = client.events("/infill", body)

    assert [event["content"] for event in events] == ["Hel", "lo", "!", ""]
    assert events[-1]["stop"] is True
    assert (door.requests[-1].max_tokens, door.requests[-1].stop) == (7, ("\n",))


@pytest.mark.usefixtures("facts")
@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, '"input_prefix" is required'),
        ({"prompt": "a"}, '"input_prefix" is required'),
        ({"input_prefix": "a", "prompt": ["a"]}, '"prompt" must be a string'),
        (
            {"input_prefix": "a", "input_extra": {}},
            '"input_extra" must be an array of {"filename": string, "text": string}',
        ),
        (
            {"input_prefix": "a", "input_extra": [{}]},
            'extra_context chunk must contain a "text" field with a string value',
        ),
        (
            {"input_prefix": "a", "input_extra": [{"text": 5}]},
            'extra_context chunk must contain a "text" field with a string value',
        ),
        (
            {"input_prefix": "a", "input_extra": [{"text": "a", "filename": 5}]},
            'extra_context chunk\'s "filename" field must be a string',
        ),
        ({"input_prefix": 5}, "Field 'input_prefix': expected str, got int"),
    ],
    ids=str,
)
def test_a_bad_body_is_400(client, refused, body, message):
    assert refused(client.post("/infill", {**body, "stream": True}))["message"] == message


@pytest.mark.parametrize(
    ("tokens", "lacking"),
    [
        (InfillTokens(), "prefix token is missing. suffix token is missing. middle token is missing. "),
        (InfillTokens(prefix=PRE, middle=MID), "suffix token is missing. "),
    ],
)
def test_models_without_the_tokens_say_which(client, facts, refused, tokens, lacking):
    facts(infill=tokens)

    error = refused(client.post("/infill", {"input_prefix": "a"}), status=501)

    assert error["message"] == f"Infill is not supported by this model: {lacking}"


@pytest.mark.usefixtures("facts")
def test_openais_suffix_is_an_infill(client, prompt):
    reply = client.post("/v1/completions", {"prompt": "ab", "suffix": "cd"}).json()

    assert prompt() == [BOS, PRE, *ids("ab"), SUF, *ids("cd"), MID]
    assert reply["choices"][0]["text"] == "Hello!"


@pytest.mark.usefixtures("facts")
def test_openais_suffix_stands_behind_every_prompt(client, door):
    client.post("/v1/completions", {"prompt": ["a", "b"], "suffix": "c"})

    assert [request.prompt for request in door.requests] == [
        [[BOS, PRE, 97, SUF, 99, MID]],
        [[BOS, PRE, 98, SUF, 99, MID]],
    ]


@pytest.mark.usefixtures("facts")
@pytest.mark.parametrize(
    ("body", "field"), [({"prompt": [1, 2]}, "'prompt'"), ({"prompt": "a", "echo": True}, "'echo'")]
)
def test_what_cannot_stand_before_a_suffix_is_refused(client, refused, body, field):
    refused(client.post("/v1/completions", {**body, "suffix": "c"}), field)
