"""OpenAI's Responses API: items in, a response out, and what is refused."""

from __future__ import annotations

import base64
import io

import msgspec
import pytest
from PIL import Image

from corral.core.outcome import FinishReason
from corral.core.structure import StructureKind

PATH = "/v1/responses"
COUNT = "/v1/responses/input_tokens"
BODY = {"input": "hi"}
PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOLS = [
    {"type": "function", "name": "weather", "description": "d", "parameters": PARAMETERS, "strict": True},
    {"type": "web_search"},
    {"type": "function", "name": "time"},
]


def prompt_of(door):
    (prompt,) = door.requests[-1].prompt
    return prompt


def user(*parts):
    return {"role": "user", "content": list(parts)}


def text(words, kind="input_text"):
    return {"type": kind, "text": words}


@pytest.mark.parametrize("path", [PATH, "/responses"])
def test_a_response_has_openais_shape(client, path):
    response = client.post(path, {**BODY, "model": "gpt", "max_output_tokens": 9}).json()

    (item,) = response["output"]
    assert response["id"].startswith("resp_")
    assert (response["object"], response["status"], response["model"]) == ("response", "completed", "gpt")
    assert response["completed_at"] >= response["created_at"] > 0
    assert item.pop("id").startswith("msg_")
    assert item == {
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "content": [{"type": "output_text", "annotations": [], "logprobs": [], "text": "Hello!"}],
    }
    assert response["usage"] == {
        "input_tokens": 7,
        "input_tokens_details": {"cached_tokens": 2},
        "output_tokens": 3,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 10,
    }
    assert response["timings"]["predicted_n"] == 3
    assert (response["max_output_tokens"], response["tools"], response["tool_choice"]) == (9, [], "auto")
    assert (response["error"], response["incomplete_details"], response["store"]) == (None, None, False)


def test_an_answer_that_its_limit_cut_is_told(client, door):
    door.reason = FinishReason.LENGTH

    response = client.post(PATH, BODY).json()

    assert response["incomplete_details"] == {"reason": "max_output_tokens"}
    assert response["status"] == "completed"


def test_the_options_reach_the_engine(client, door, sampling_of):
    options = {"temperature": 0.5, "top_p": 0.25, "top_k": 7, "seed": 5, "max_output_tokens": 9}

    client.post(PATH, {**BODY, **options, "stop": "END", "store": True, "background": True})

    sampling = sampling_of()
    assert (sampling["temperature"], sampling["top_p"], sampling["top_k"]) == (0.5, 0.25, 7)
    assert sampling["seed"] == 5
    assert (door.requests[0].max_tokens, door.requests[0].stop) == (9, ("END",))


@pytest.mark.usefixtures("plain")
def test_instructions_come_first(client, door):
    client.post(PATH, {**BODY, "instructions": "Be kind."})

    assert prompt_of(door) == "<system>Be kind.<user>hi<assistant>"


@pytest.mark.usefixtures("plain")
def test_items_become_turns(client, door):
    items = [
        {"role": "developer", "content": "Book"},
        {"type": "message", **user(text("What"), text("now?"))},
        {"type": "reasoning", "summary": [], "content": [text("Hm.", "reasoning_text")]},
        {
            "type": "message",
            "role": "assistant",
            "status": "completed",
            "content": [text("Wait.", "output_text"), {"type": "refusal", "refusal": "No."}],
        },
        {"type": "function_call", "call_id": "c1", "name": "weather", "arguments": '{"city": "Oslo"}'},
        {"type": "function_call", "call_id": "c2", "name": "time", "arguments": ""},
        {"type": "function_call_output", "call_id": "c1", "output": "Sunny"},
        {"type": "function_call_output", "call_id": "c2", "output": [text("Late")]},
        {"type": "reasoning", "summary": [], "encrypted_content": "?"},
        {"role": "assistant", "content": "So."},
        {"role": "user", "content": "Thanks"},
    ]

    client.post(PATH, {"input": items})

    assert prompt_of(door) == (
        "<system>Book<user>What\nnow?<assistant>Wait.\nNo.(Hm.)"
        '<tool_call>weather{"city": "Oslo"}</tool_call><tool_call>time{}</tool_call>'
        "<tool>Sunny#c1<tool>Late#c2<assistant>So.<user>Thanks<assistant>"
    )


@pytest.mark.usefixtures("plain")
def test_functions_are_offered_and_a_call_comes_back(client, door):
    door.texts = ["Wait.", '<tool_call>{"name": "weather", "arg', 'uments": {"city": "Oslo"}}</tool_call>']

    response = client.post(PATH, {**BODY, "tools": TOOLS}).json()

    said, call = response["output"]
    assert prompt_of(door) == "<user>hiweather;time;<assistant>"
    assert said["content"][0]["text"] == "Wait."
    assert call.pop("id").startswith("fc_")
    assert call.pop("call_id").startswith("call_")
    assert call == {
        "type": "function_call",
        "status": "completed",
        "name": "weather",
        "arguments": '{"city": "Oslo"}',
    }
    assert response["tools"] == TOOLS


@pytest.mark.usefixtures("plain")
@pytest.mark.parametrize(
    ("choice", "names"),
    [
        ("required", ["weather", "time"]),
        ({"type": "function", "name": "time"}, ["time"]),
        ("auto", None),
    ],
)
def test_a_call_may_be_required(client, door, choice, names):
    client.post(PATH, {**BODY, "tools": TOOLS, "tool_choice": choice})

    structure = door.requests[0].structure
    found = [name for name in ("weather", "time") if structure and f'"const":"{name}"' in structure.text]
    assert (found or None) == names


@pytest.mark.usefixtures("plain")
def test_no_tools_are_offered_if_none_may_be_called(client, door):
    client.post(PATH, {**BODY, "tools": TOOLS, "tool_choice": "none"})

    assert prompt_of(door) == "<user>hi<assistant>"


@pytest.mark.usefixtures("plain")
def test_parallel_calls_can_be_switched_off(client, door):
    door.texts = ['<tool_call>{"name": "time"}</tool_call>' * 2]

    for flag, n_calls in ((True, 2), (False, 1)):
        reply = client.post(PATH, {**BODY, "tools": TOOLS, "parallel_tool_calls": flag}).json()
        assert (len(reply["output"]), reply["parallel_tool_calls"]) == (n_calls, flag)


@pytest.mark.usefixtures("thoughtful")
def test_thoughts_are_an_item_of_their_own(client, door):
    door.texts = ["Hm.", "</think>", "Yes."]

    response = client.post(PATH, BODY).json()

    thoughts, said = response["output"]
    assert thoughts.pop("id").startswith("rs_")
    assert thoughts["content"] == [{"type": "reasoning_text", "text": "Hm."}]
    assert (thoughts["type"], thoughts["summary"]) == ("reasoning", [])
    assert said["content"][0]["text"] == "Yes."
    assert response["usage"]["output_tokens_details"] == {"reasoning_tokens": 3}


@pytest.mark.usefixtures("thoughtful")
def test_no_effort_switches_thinking_off(client, door):
    client.post(PATH, {**BODY, "reasoning": {"effort": "none"}})

    assert prompt_of(door) == "hi:"


@pytest.mark.parametrize(
    ("form", "schema"),
    [
        ({"type": "text"}, None),
        ({"type": "json_object"}, '{"type":"object"}'),
        ({"type": "json_schema", "name": "t", "schema": {"const": "foo"}}, '{"const":"foo"}'),
    ],
)
def test_the_format_of_the_text_is_a_rule_for_the_engine(client, door, form, schema):
    response = client.post(PATH, {**BODY, "text": {"format": form}}).json()

    structure = door.requests[0].structure
    assert (structure.text if structure else None) == schema
    assert structure is None or structure.kind is StructureKind.JSON_SCHEMA
    assert response["text"]["format"] == form


@pytest.mark.usefixtures("plain")
def test_images_reach_the_engine_in_their_place(client, door):
    door.model_facts = msgspec.structs.replace(door.model_facts, has_vision=True)
    file = io.BytesIO()
    Image.new("RGB", (8, 8), (200, 100, 0)).save(file, "PNG")
    url = f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"

    client.post(PATH, {"input": [user(text("See:"), {"type": "input_image", "image_url": url})]})

    before, media, after = door.requests[0].prompt
    assert (before, after) == ("<user>See:", "<assistant>")
    assert media.content == file.getvalue()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"max_output_tokens": 5}, "'input' is required"),
        ({"input": 3}, "'input'"),
        ({"input": [3]}, "input"),
        ({"input": [{"content": "x"}]}, "input[0].role"),
        ({"input": [{"role": "user"}]}, "input[0].content"),
        ({"input": [user({"type": "nonsense"})]}, "input[0].content[0].type"),
        ({"input": [user("x")]}, "input[0].content[0].type"),
        ({"input": [user({"type": "input_text"})]}, "input[0].content[0].text"),
        ({"input": [{"type": "item_reference", "id": "x"}]}, "input[0].type"),
        ({"input": [{"type": "function_call", "name": "f", "arguments": "{}"}]}, "input[0].call_id"),
        (
            {"input": [{"type": "function_call", "call_id": "c", "name": "f", "arguments": "["}]},
            "input[0].arguments",
        ),
        ({"input": [{"type": "function_call_output", "output": "x"}]}, "input[0].call_id"),
        ({"input": [{"type": "function_call_output", "call_id": "c"}]}, "input[0].output"),
        ({"input": [{"type": "reasoning", "content": "x"}]}, "input[0].content"),
        ({"input": [{"type": "reasoning", "content": [{}]}]}, "input[0].content[0].text"),
        ({**BODY, "previous_response_id": "resp_1"}, "does not support 'previous_response_id'"),
        ({**BODY, "conversation": {"id": "c"}}, "does not support 'conversation'"),
        ({**BODY, "n": 2}, "'n'"),
        ({**BODY, "max_output_tokens": "x"}, "'max_output_tokens'"),
        ({**BODY, "text": {"format": {"type": "json_schema", "name": "t"}}}, "'text.format'"),
        ({**BODY, "text": {"format": {"type": "sound"}}}, "text.format"),
        ({**BODY, "tools": [3]}, "tools"),
        ({**BODY, "tools": [{"type": "function"}]}, "tools[0].name"),
        ({**BODY, "tools": [{"type": "function", "name": "f", "parameters": 3}]}, "tools[0].parameters"),
        ({**BODY, "tools": [{"type": "function", "name": "f", "description": 3}]}, "tools[0].description"),
        ({**BODY, "tool_choice": "required"}, "'tool_choice'"),
        ({**BODY, "tools": TOOLS, "tool_choice": {"type": "function", "name": "x"}}, "no tool 'x'"),
        ({**BODY, "tools": TOOLS, "tool_choice": "any"}, "'tool_choice'"),
        (
            {**BODY, "tools": TOOLS, "tool_choice": "required", "text": {"format": {"type": "json_object"}}},
            "'tool_choice'",
        ),
        ({**BODY, "tools": TOOLS, "tool_choice": "required", "regex": "a+"}, "'tool_choice'"),
    ],
)
def test_what_cannot_be_served_is_refused_by_name(client, door, refused, body, words):
    refused(client.post(PATH, body), words)

    assert door.requests == []


@pytest.mark.parametrize("rule", [{"regex": "a+"}, {"lark": "start: /a+/"}, {"grammar": 'root ::= "a"'}])
@pytest.mark.usefixtures("thoughtful")
def test_an_answer_that_keeps_to_a_rule_does_not_begin_inside_thoughts(client, door, rule):
    client.post(PATH, {**BODY, **rule})

    assert prompt_of(door) == "hi:<think>\n\n</think>\n\n"


def test_an_item_whose_type_is_null_is_a_message(client, door):
    assert client.post(PATH, {"input": [{**user(text("hi")), "type": None}]}).status_code == 200
    assert len(door.requests) == 1


@pytest.mark.parametrize("kind", ["input_file", "input_audio", "input_image"])
def test_media_that_the_model_does_not_take_are_refused(client, refused, kind):
    part = {"type": kind, "image_url": "data:,"}

    refused(client.post(PATH, {"input": [user(part)]}), "input[0].content[0]", status=501)


@pytest.mark.parametrize("path", [COUNT, "/responses/input_tokens"])
def test_tokens_are_counted(client, door, path):
    bare, longer = (
        client.post(path, BODY).json(),
        client.post(path, {**BODY, "instructions": "Be kind."}).json(),
    )

    assert bare["object"] == "response.input_tokens"
    assert 0 < bare["input_tokens"] < longer["input_tokens"]
    assert door.requests == []
