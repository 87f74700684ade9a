"""Tools in chats: how they are offered, how calls come back, what must be called."""

import json

import msgspec
import pytest

from corral.core.outcome import FinishReason
from corral.core.settings import ChatSettings

PATH = "/v1/chat/completions"
PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOL = {"type": "function", "function": {"name": "weather", "description": "d", "parameters": PARAMETERS}}
OTHER = {"type": "function", "function": {"name": "time"}}
CHAT = {"messages": [{"role": "user", "content": "hi"}], "tools": [TOOL, OTHER]}
HERMES = (
    "{% if tools %}{% for tool in tools %}{{ tool | tojson }}\n{% endfor %}{% endif %}"
    "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}"
    "{% for call in m.tool_calls %}<tool_call>{{ call.function.name }} {{ call.function.arguments | tojson }}"
    "</tool_call>{% endfor %}{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
CALL = ['{"na', 'me": "weather", "argu', 'ments": {"city"', ': "Oslo"}', "}"]


@pytest.fixture
def hermes(door):
    door.model_facts = msgspec.structs.replace(door.model_facts, chat_template=HERMES)
    door.texts = ["Wait.", "<tool", "_call>\n", *CALL, "\n</tool_call>"]


@pytest.mark.usefixtures("hermes")
def test_a_template_that_knows_tools_is_given_them(client, door):
    client.post(PATH, CHAT)

    (prompt,) = door.requests[0].prompt
    assert prompt == f"{json.dumps(TOOL)}\n{json.dumps(OTHER)}\n<|user|>hi<|assistant|>"
    assert door.requests[0].shown_tokens == ("<tool_call>", "</tool_call>")
    assert door.requests[0].structure is None


@pytest.mark.usefixtures("hermes")
def test_a_call_comes_back_as_a_message(client):
    choice = client.post(PATH, CHAT).json()["choices"][0]

    (call,) = choice["message"]["tool_calls"]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["content"] == "Wait."
    assert call["type"] == "function"
    assert call["id"].startswith("call_")
    assert call["function"] == {"name": "weather", "arguments": '{"city": "Oslo"}'}


@pytest.mark.usefixtures("hermes")
def test_a_call_is_streamed_with_its_name_once_and_then_its_arguments(client):
    *chunks, done = client.events(PATH, CHAT)

    deltas = [chunk["choices"][0]["delta"] for chunk in chunks]
    calls = [delta["tool_calls"][0] for delta in deltas if "tool_calls" in delta]
    assert deltas[:2] == [{"role": "assistant", "content": None}, {"content": "Wait."}]
    assert calls[0]["function"]["name"] == "weather"
    assert calls[0]["id"].startswith("call_")
    assert not any("name" in call["function"] or "id" in call for call in calls[1:])
    assert "".join(call["function"]["arguments"] for call in calls) == '{"city": "Oslo"}'
    assert {call["index"] for call in calls} == {0}
    assert len(calls) > 2
    assert (chunks[-1]["choices"][0]["finish_reason"], done) == ("tool_calls", "[DONE]")


def test_no_text_of_a_call_is_content(client, door):
    door.texts = CALL

    reply = client.post(PATH, CHAT).json()["choices"][0]["message"]
    deltas = [event["choices"][0]["delta"] for event in client.events(PATH, CHAT)[:-1]]

    assert reply["content"] is None
    assert [delta["content"] for delta in deltas if "content" in delta] == [None]


def test_other_templates_are_told_in_words(client, door):
    client.post(PATH, CHAT)

    (prompt,) = door.requests[0].prompt
    assert prompt.startswith("<|im_start|>system\n")
    assert json.dumps(TOOL) in prompt
    assert '{"name": "...", "arguments": {...}}' in prompt


def test_json_that_is_no_call_stays_content(client, door):
    door.texts = ['{"answer"', ": 42}"]

    choice = client.post(PATH, CHAT).json()["choices"][0]

    assert choice["message"] == {"role": "assistant", "content": '{"answer": 42}'}
    assert choice["finish_reason"] == "stop"


def test_an_answer_cut_by_its_length_says_so(client, door):
    door.texts, door.reason = CALL[:-1], FinishReason.LENGTH

    choice = client.post(PATH, CHAT).json()["choices"][0]

    assert choice["finish_reason"] == "length"
    assert choice["message"]["tool_calls"][0]["function"]["arguments"] == '{"city": "Oslo"}'


@pytest.mark.usefixtures("hermes")
def test_past_calls_and_results_reach_the_template(client, door):
    call = {
        "id": "call_1",
        "type": "function",
        "function": {"name": "weather", "arguments": '{"city":"Oslo"}'},
    }
    turns = [
        *CHAT["messages"],
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "rain"},
    ]

    client.post(PATH, {**CHAT, "messages": turns})
    rest = door.requests[0].prompt[0].partition("<|user|>")[2]

    assert rest == 'hi<|assistant|><tool_call>weather {"city": "Oslo"}</tool_call><|tool|>rain<|assistant|>'


def test_past_calls_and_results_are_told_in_words_too(client, door):
    call = {"id": "1", "type": "function", "function": {"name": "weather", "arguments": {"city": "Oslo"}}}
    turns = [
        *CHAT["messages"],
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "1", "name": "weather", "content": "rain"},
    ]

    client.post(PATH, {"messages": turns})

    assert door.requests[0].prompt[0] == (
        "<|im_start|>user\nhi<|im_end|>\n"
        '<|im_start|>assistant\n{"name": "weather", "arguments": {"city":"Oslo"}}<|im_end|>\n'
        "<|im_start|>user\nResult of weather: rain<|im_end|>\n<|im_start|>assistant\n"
    )


def named(name):
    return {"type": "function", "function": {"name": name}}


@pytest.mark.parametrize(
    ("choice", "names"), [("required", ["weather", "time"]), (named("weather"), ["weather"])]
)
def test_a_required_call_is_a_rule_for_the_engine(client, door, choice, names):
    client.post(PATH, {**CHAT, "tool_choice": choice, "parallel_tool_calls": False})

    rule = json.loads(door.requests[0].structure.text)
    kinds = rule.get("anyOf", [rule])
    assert [kind["properties"]["name"]["const"] for kind in kinds] == names
    assert kinds[0]["properties"]["arguments"] == PARAMETERS


@pytest.mark.usefixtures("hermes")
def test_a_required_call_follows_its_mark_in_the_prompt(client, door):
    door.texts = CALL

    reply = client.post(PATH, {**CHAT, "tool_choice": "required"}).json()

    assert door.requests[0].prompt[0].endswith("<|assistant|><tool_call>")
    assert reply["choices"][0]["message"]["tool_calls"][0]["function"]["name"] == "weather"
    assert reply["choices"][0]["message"]["content"] is None


@pytest.mark.usefixtures("hermes")
def test_no_choice_no_tools(client, door):
    door.texts = CALL

    reply = client.post(PATH, {**CHAT, "tool_choice": "none"}).json()

    assert door.requests[0].prompt == ["<|user|>hi<|assistant|>"]
    assert reply["choices"][0]["message"]["content"] == "".join(CALL)


def test_one_call_at_most_when_asked_for(client, door):
    door.texts = ["[", *CALL, ",", *CALL, "]"]

    for is_parallel, n_calls in ((True, 2), (False, 1)):
        reply = client.post(PATH, {**CHAT, "parallel_tool_calls": is_parallel}).json()
        assert len(reply["choices"][0]["message"]["tool_calls"]) == n_calls


def test_a_required_call_leaves_no_room_for_another_grammar(client, refused):
    body = {**CHAT, "tool_choice": "required"}

    refused(client.post(PATH, {**body, "json_schema": {}}), "no room for another grammar")
    refused(client.post(PATH, {**body, "response_format": {"type": "json_object"}}), "grammar")


@pytest.mark.usefixtures("hermes")
def test_unparsed_answers_are_content(make_client, door):
    client = make_client(chat=ChatSettings(is_parsing_skipped=True))

    choice = client.post(PATH, CHAT).json()["choices"][0]

    assert choice["message"] == {"role": "assistant", "content": "".join(door.texts)}


def test_the_other_chat_routes_see_the_tools(client):
    prompt = client.post("/apply-template", CHAT).json()["prompt"]
    n_tokens = client.post("/v1/chat/completions/input_tokens", CHAT).json()["input_tokens"]

    assert json.dumps(OTHER) in prompt
    assert n_tokens == len(prompt) + 1
