"""The older tool calling of OpenAI's chats: `functions`, `function_call`, messages of the role "function"."""

import json

import msgspec
import pytest

from corral.core.outcome import FinishReason
from corral.core.structure import StructureKind

PATH = "/v1/chat/completions"
PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
FUNCTION = {"name": "weather", "description": "d", "parameters": PARAMETERS}
CHAT = {"messages": [{"role": "user", "content": "hi"}], "functions": [FUNCTION, {"name": "time"}]}
HERMES = (
    "{% if tools %}{% for tool in tools %}{{ tool | tojson }}\n{% endfor %}{% endif %}"
    "{% for m in messages %}<|{{ m.role }} {{ m.tool_call_id }}|>{{ m.content }}"
    "{% for call in m.tool_calls %}<tool_call>{{ call.id }} {{ call.function.name }} "
    "{{ call.function.arguments | tojson }}</tool_call>{% endfor %}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
CALL = ['{"na', 'me": "weather", "argu', 'ments": {"city"', ': "Oslo"}', "}"]


@pytest.fixture(autouse=True)
def hermes(door):
    door.model_facts = msgspec.structs.replace(door.model_facts, chat_template=HERMES)
    door.texts = ["<tool", "_call>\n", *CALL, "\n</tool_call>"]


def test_functions_are_offered_as_tools(client, door):
    client.post(PATH, CHAT)

    (prompt,) = door.requests[0].prompt
    assert json.loads(prompt.splitlines()[0]) == {"type": "function", "function": FUNCTION}
    assert door.requests[0].structure is None


def test_a_call_comes_back_as_function_call(client):
    choice = client.post(PATH, CHAT).json()["choices"][0]

    assert choice["finish_reason"] == "function_call"
    assert choice["message"] == {
        "role": "assistant",
        "content": None,
        "function_call": {"name": "weather", "arguments": '{"city": "Oslo"}'},
    }


def test_arguments_are_json(client):
    message = client.post(PATH, CHAT).json()["choices"][0]["message"]

    assert json.loads(message["function_call"]["arguments"]) == {"city": "Oslo"}


def test_a_call_is_streamed_in_the_older_form(client):
    *chunks, done = client.events(PATH, CHAT)

    deltas = [chunk["choices"][0]["delta"] for chunk in chunks]
    calls = [delta["function_call"] for delta in deltas if "function_call" in delta]
    assert deltas[0] == {"role": "assistant", "content": None}
    assert calls[0]["name"] == "weather"
    assert not any("name" in call for call in calls[1:])
    assert "".join(call["arguments"] for call in calls) == '{"city": "Oslo"}'
    assert not any("tool_calls" in delta for delta in deltas)
    assert (chunks[-1]["choices"][0]["finish_reason"], done) == ("function_call", "[DONE]")


def test_there_is_one_call_at_most(client, door):
    door.texts = ["<tool_call>", *CALL, "</tool_call>", "<tool_call>", *CALL, "</tool_call>"]

    message = client.post(PATH, CHAT).json()["choices"][0]["message"]

    assert message["function_call"]["arguments"] == '{"city": "Oslo"}'


def test_an_answer_in_words_is_one_as_ever(client, door):
    door.texts = ["Hel", "lo"]

    choice = client.post(PATH, CHAT).json()["choices"][0]

    assert choice["message"] == {"role": "assistant", "content": "Hello"}
    assert choice["finish_reason"] == "stop"


def test_an_answer_that_is_cut_says_length(client, door):
    door.reason = FinishReason.LENGTH

    assert client.post(PATH, CHAT).json()["choices"][0]["finish_reason"] == "length"


def test_a_named_function_is_forced_by_a_schema(client, door):
    door.texts = CALL

    body = {**CHAT, "function_call": {"name": "weather"}}
    message = client.post(PATH, body).json()["choices"][0]["message"]

    schema = json.loads(door.requests[0].structure.text)
    assert door.requests[0].structure.kind is StructureKind.JSON_SCHEMA
    assert schema["properties"]["name"] == {"const": "weather"}
    assert schema["properties"]["arguments"] == PARAMETERS
    assert message["function_call"] == {"name": "weather", "arguments": '{"city": "Oslo"}'}


def test_none_offers_nothing(client, door):
    door.texts = ["Hi"]

    reply = client.post(PATH, {**CHAT, "function_call": "none"}).json()

    assert "weather" not in door.requests[0].prompt[0]
    assert reply["choices"][0]["message"]["content"] == "Hi"


def test_one_function_may_stand_without_a_list(client, door):
    client.post(PATH, {**CHAT, "functions": FUNCTION})

    assert "weather" in door.requests[0].prompt[0]


def test_past_calls_and_results_are_understood(client, door):
    messages = [
        {"role": "user", "content": "hi"},
        {
            "role": "assistant",
            "content": None,
            "function_call": {"name": "weather", "arguments": '{"city": "Oslo"}'},
        },
        {"role": "function", "name": "weather", "content": "Sunny"},
    ]

    client.post(PATH, {**CHAT, "messages": messages})

    (prompt,) = door.requests[0].prompt
    assert "<tool_call>call00001 weather" in prompt
    assert "<|tool call00001|>Sunny" in prompt


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"tools": [{"type": "function", "function": FUNCTION}]}, ["functions", "tools", "both"]),
        ({"function_call": {"name": "nobody"}}, ["function_call", "nobody"]),
        ({"function_call": "maybe"}, ["function_call", "none", "auto"]),
        ({"function_call": "required"}, ["function_call"]),
        ({"functions": [{"description": "x"}]}, ["functions[0].name"]),
        ({"functions": ["weather"]}, ["functions[0].name"]),
        ({"functions": [{"name": "f", "parameters": 5}]}, ["functions[0].parameters"]),
        ({"functions": 5}, ["functions"]),
        ({"functions": [], "function_call": {"name": "weather"}}, ["function_call", "weather"]),
        ({"function_call": {"name": "weather"}, "grammar": 'root ::= "a"'}, ["grammar"]),
        (
            {"messages": [{"role": "assistant", "function_call": {"name": "f", "arguments": "["}}]},
            ["messages[0]", "arguments"],
        ),
        (
            {"messages": [{"role": "assistant", "function_call": {"arguments": "{}"}}]},
            ["messages[0]", "name"],
        ),
        ({"messages": [{"role": "function", "name": "f"}]}, ["messages[0]", "content"]),
    ],
)
def test_nonsense_is_refused_by_name(client, refused, fields, words):
    refused(client.post(PATH, {**CHAT, **fields}), *words)
