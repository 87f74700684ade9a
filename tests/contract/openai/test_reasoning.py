"""Thoughts in chats, and answers that go on with a beginning of the client's."""

import msgspec
import pytest

from corral.core.request import Thinking
from corral.core.settings import ChatSettings, GenerationDefaults, LogSettings
from corral.core.structure import Structure, StructureKind

PATH = "/v1/chat/completions"
CHAT = {"messages": [{"role": "user", "content": "hi"}]}
OPEN = (
    "{{ messages[0].content }}:{% if enable_thinking is not defined or enable_thinking %}<think>\n{% endif %}"
)
CLOSED = "{{ messages[0].content }}:{# <think> #}"


def prompt_of(door):
    return door.requests[-1].prompt[0]


def test_thoughts_are_told_apart(client, door, set_template):
    set_template(CLOSED)
    door.texts = ["<th", "ink>\nHm", ".\n</th", "ink>\n\n", "Yes."]

    message = client.post(PATH, CHAT).json()["choices"][0]["message"]
    deltas = [event["choices"][0]["delta"] for event in client.events(PATH, CHAT)[1:-2]]

    assert message == {"role": "assistant", "content": "Yes.", "reasoning_content": "Hm."}
    assert deltas == [{"reasoning_content": "Hm"}, {"reasoning_content": "."}, {"content": "Yes."}]


def test_thoughts_may_begin_in_the_prompt(client, door, set_template):
    set_template(OPEN)
    door.texts = ["Hm.", "</think>", "Yes."]

    message = client.post(PATH, CHAT).json()["choices"][0]["message"]

    assert prompt_of(door) == "hi:<think>\n"
    assert message == {"role": "assistant", "content": "Yes.", "reasoning_content": "Hm."}


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ("none", {"content": "<think>Hm.</think>Yes."}),
        ("deepseek", {"content": "Yes.", "reasoning_content": "Hm."}),
        ("auto", {"content": "Yes.", "reasoning_content": "Hm."}),
        ("deepseek-legacy", {"content": "<think>Hm.</think>Yes.", "reasoning_content": "Hm."}),
    ],
)
def test_the_formats(make_client, door, set_template, form, message):
    set_template(CLOSED)
    door.texts = ["<think>Hm.</think>", "Yes."]

    by_request = make_client().post(PATH, {**CHAT, "reasoning_format": form})
    by_server = make_client(chat=ChatSettings(reasoning_format=form)).post(PATH, CHAT)

    for reply in (by_request, by_server):
        assert reply.json()["choices"][0]["message"] == {"role": "assistant", **message}


def test_a_streamed_legacy_answer_keeps_its_thoughts_in_the_content(client, door, set_template):
    set_template(CLOSED)
    door.texts = ["<think>Hm.</think>", "Yes."]

    events = client.events(PATH, {**CHAT, "reasoning_format": "deepseek-legacy"})

    deltas = [event["choices"][0]["delta"] for event in events[1:-2]]
    assert deltas == [{"content": "<think>Hm.</think>"}, {"content": "Yes."}]


def test_models_that_know_of_no_thinking_are_left_alone(client, door):
    door.texts = ["<think>Hm.</think>Yes."]

    assert client.post(PATH, CHAT).json()["choices"][0]["message"]["content"] == "<think>Hm.</think>Yes."


@pytest.mark.parametrize(
    ("chat", "body", "prompt"),
    [
        (ChatSettings(reasoning="off"), {}, "hi:"),
        (ChatSettings(reasoning="off"), {"chat_template_kwargs": {"enable_thinking": True}}, "hi:<think>\n"),
        (ChatSettings(), {"reasoning_effort": "none"}, "hi:"),
        (ChatSettings(reasoning_budget=0), {}, "hi:<think>\n\n</think>\n\n"),
        (
            ChatSettings(reasoning_budget=0, reasoning_budget_message="Enough."),
            {},
            "hi:<think>\nEnough.\n</think>\n\n",
        ),
        (ChatSettings(), {"thinking_budget_tokens": 0}, "hi:<think>\n\n</think>\n\n"),
        (
            ChatSettings(reasoning_budget=0, reasoning_budget_message="Enough."),
            {"reasoning_budget_message": "Go."},
            "hi:<think>\nGo.\n</think>\n\n",
        ),
        (ChatSettings(), {"json_schema": {}}, "hi:<think>\n\n</think>\n\n"),
        (ChatSettings(reasoning_budget=0), {"reasoning_budget_tokens": 5}, "hi:<think>\n"),
    ],
)
def test_the_switches_of_thinking(make_client, door, chat, body, prompt):
    door.model_facts = msgspec.structs.replace(door.model_facts, chat_template=OPEN)

    make_client(chat=chat).post(PATH, {**CHAT, **body})

    assert prompt_of(door) == prompt


def test_a_grammar_of_the_server_leaves_no_room_for_thoughts(make_client, door, set_template):
    set_template(OPEN)
    rule = Structure(StructureKind.GBNF, 'root ::= "x"')

    make_client(generation=GenerationDefaults(structure=rule)).post(PATH, CHAT)

    assert prompt_of(door) == "hi:<think>\n\n</think>\n\n"


def test_no_thoughts_where_the_template_begins_none(make_client, door, set_template):
    set_template(CLOSED)

    make_client(chat=ChatSettings(reasoning_budget=0)).post(PATH, CHAT)

    assert prompt_of(door) == "hi:<think>\n\n</think>\n\n"


def test_a_budget_reaches_the_engine(make_client, door, set_template):
    set_template(OPEN)
    chat = ChatSettings(reasoning_budget=7, reasoning_budget_message="Enough.")

    make_client(chat=chat).post(PATH, CHAT)

    assert door.requests[0].thinking == Thinking(
        n_tokens=7, begin="<think>", end="</think>", closing="\nEnough.\n</think>\n\n", is_open=True
    )


def test_template_variables_come_from_the_server_and_the_request(make_client, door, set_template):
    set_template("{{ mood }} {{ place }} {{ reasoning_effort }} {{ preserve_reasoning }}")
    chat = ChatSettings(
        variables={"mood": "calm", "place": "here"}, reasoning_effort="low", is_reasoning_preserved=False
    )
    client = make_client(chat=chat)

    client.post(PATH, {**CHAT, "chat_template_kwargs": {"mood": "wild"}})
    client.post(PATH, {**CHAT, "reasoning_effort": "high"})

    assert [request.prompt[0] for request in door.requests] == [
        "wild here low False",
        "calm here high False",
    ]


BEGUN = {"messages": [*CHAT["messages"], {"role": "assistant", "content": "Well, "}]}


def test_a_trailing_assistant_message_is_continued(client, door):
    client.post(PATH, BEGUN)

    assert prompt_of(door) == "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\nWell, "


@pytest.mark.parametrize("body", [{"add_generation_prompt": True}, {"continue_final_message": False}])
def test_a_new_turn_may_be_asked_for(client, door, body):
    client.post(PATH, {**BEGUN, **body})

    assert prompt_of(door).endswith("Well, <|im_end|>\n<|im_start|>assistant\n")


def test_continuing_can_be_switched_off_and_asked_for(make_client, door):
    client = make_client(chat=ChatSettings(is_prefill_continued=False))

    client.post(PATH, BEGUN)
    client.post(PATH, {**BEGUN, "continue_final_message": True})

    ends = [request.prompt[0].endswith("assistant\nWell, ") for request in door.requests]
    assert ends == [False, True]


def test_a_beginning_ends_the_thinking_and_may_hold_thoughts(client, door, set_template):
    set_template(OPEN)

    for message in ({}, {"reasoning_content": "Hm."}, {"reasoning_content": "Hm", "content": None}):
        client.post(PATH, {"messages": [*CHAT["messages"], {**BEGUN["messages"][1], **message}]})

    assert [request.prompt[0] for request in door.requests] == [
        "hi:<think>\n\n</think>\n\nWell, ",
        "hi:<think>\nHm.\n</think>\n\nWell, ",
        "hi:<think>\nHm",
    ]


def test_two_beginnings_or_calls_cannot_be_continued(client, refused):
    call = {"id": "1", "function": {"name": "f", "arguments": "{}"}}

    refused(
        client.post(PATH, {"messages": [*BEGUN["messages"], BEGUN["messages"][1]]}), "2 or more assistant"
    )
    refused(
        client.post(PATH, {"messages": [*CHAT["messages"], {"role": "assistant", "tool_calls": [call]}]}),
        "Cannot continue",
    )


def test_without_jinja_a_template_only_shows_its_family(make_client, door, set_template):
    set_template("{{ broken }}<start_of_turn>")

    make_client(chat=ChatSettings(is_jinja=False)).post(PATH, CHAT)

    assert prompt_of(door) == "<start_of_turn>user\nhi<end_of_turn>\n<start_of_turn>model\n"


def test_a_very_verbose_server_shows_the_native_answer_too(make_client, door):
    client = make_client(log=LogSettings(verbosity=10))

    whole = client.post(PATH, CHAT).json()["__verbose"]
    last = client.events(PATH, CHAT)[-2]["__verbose"]

    assert whole["content"] == "Hello!"
    assert whole["prompt"] == prompt_of(door)
    assert last["tokens_evaluated"] == 7
    assert "__verbose" not in make_client(log=LogSettings(verbosity=9)).post(PATH, CHAT).json()
