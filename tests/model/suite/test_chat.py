"""Chats: replies, streams, templates, formats, what is no chat; by plain HTTP and by OpenAI's client."""

from __future__ import annotations

import json

import pytest

from tests.model.suite.conftest import BANNED

BOOK = [{"role": "system", "content": "Book"}, {"role": "user", "content": "What is the best book"}]
PARTS = [{"type": "text", "text": "What is"}, {"type": "text", "text": "the best book"}]
LLAMA3 = (
    "<|start_header_id|>system<|end_header_id|>\n\nBook<|eot_id|>"
    "<|start_header_id|>user<|end_header_id|>\n\nWhat is the best book<|eot_id|>"
    "<|start_header_id|>assistant<|end_header_id|>\n\n"
)
COMMAND_R = (
    "<|START_OF_TURN_TOKEN|><|SYSTEM_TOKEN|>You are a test.<|END_OF_TURN_TOKEN|>"
    "<|START_OF_TURN_TOKEN|><|USER_TOKEN|>Hi there<|END_OF_TURN_TOKEN|>"
    "<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>"
)
TOOL = {
    "type": "function",
    "function": {
        "name": "test",
        "description": "",
        "parameters": {
            "type": "object",
            "properties": {"success": {"type": "boolean", "const": True}},
            "required": ["success"],
        },
    },
}


@pytest.fixture(params=[False, True], ids=["no-jinja", "jinja"])
def either(request, serve, slot_dir):
    """Both ways to render templates."""
    if request.param:
        return serve(no_jinja=False, jinja=True)
    return serve(metrics=True, slot_save_path=slot_dir)


@pytest.fixture
def jinja(serve):
    return serve(no_jinja=False, jinja=True)


@pytest.fixture
def llama3(serve):
    return serve(chat_template="llama3", verbose=True)


def chat(server, messages=BOOK, **fields):
    reply = server.post("/chat/completions", {"messages": messages, **fields})
    assert reply.status_code == 200, reply.text
    return reply.json()


def n_tokens(server, messages):
    """Return how many tokens the prompt of a chat has, by asking for the prompt."""
    prompt = server.post("/apply-template", {"messages": messages}).json()["prompt"]
    body = {"content": prompt, "add_special": True}
    return len(server.post("/tokenize", body).json()["tokens"])


@pytest.mark.parametrize("user", ["Hey", "What is the best book", PARTS])
@pytest.mark.parametrize("model", [None, "codellama70b"])
def test_a_chat_is_answered_and_counted(either, user, model):
    messages = [{"role": "system", "content": "Book"}, {"role": "user", "content": user}]

    reply = chat(either, messages, max_tokens=8, model=model, ignore_eos=True)

    (choice,) = reply["choices"]
    n_prompt = n_tokens(either, messages)
    assert "cmpl" in reply["id"]
    assert reply["system_fingerprint"].startswith("b")
    assert reply["model"] == (model or "tinyllama-2")
    assert reply["usage"]["completion_tokens"] == 8
    assert reply["usage"]["prompt_tokens"] in (n_prompt, n_prompt - 1)  # BOS may be in the template
    assert choice["message"]["role"] == "assistant"
    assert choice["message"]["content"]
    assert choice["finish_reason"] == "length"


def test_a_stream_names_the_role_once_and_ends_without_content(server):
    body = {"messages": BOOK, "max_tokens": 16, "ignore_eos": True}

    first, *others = server.stream("/chat/completions", body)

    assert first["choices"][0]["delta"] == {"role": "assistant", "content": None}
    assert all("role" not in chunk["choices"][0]["delta"] for chunk in others)
    assert all(len(chunk["choices"]) == 1 for chunk in others)
    assert len({chunk["id"] for chunk in [first, *others]}) == 1
    assert {chunk["model"] for chunk in [first, *others]} == {"tinyllama-2"}
    assert all(chunk["system_fingerprint"].startswith("b") for chunk in [first, *others])
    *_, last = others
    assert (last["choices"][0]["finish_reason"], last["choices"][0]["delta"]) == ("length", {})
    assert last["usage"]["completion_tokens"] == 16
    assert all(chunk["choices"][0]["delta"]["content"] for chunk in others[:-1])


def test_a_streamed_chat_says_what_the_whole_one_says(server):
    chunks = server.stream("/chat/completions", {"messages": BOOK, "max_tokens": 16})

    streamed = "".join(chunk["choices"][0]["delta"].get("content") or "" for chunk in chunks)

    assert streamed == chat(server, max_tokens=16)["choices"][0]["message"]["content"]


def test_the_chunk_of_usage_comes_when_asked_for_with_its_timings(server):
    body = {
        "messages": BOOK,
        "max_tokens": 10,
        "stream_options": {"include_usage": True},
        "timings_per_token": True,
    }

    first, *others = server.stream("/chat/completions", body)

    *_, last = others
    assert "timings" not in first
    assert last["choices"] == []
    assert {"prompt_per_second", "predicted_per_second", "predicted_n"} <= set(last["timings"])
    assert last["timings"]["predicted_n"] <= 10
    assert last["usage"]["completion_tokens"] <= 10


def test_without_timings_per_token_only_the_end_has_them(server):
    body = {"messages": BOOK, "max_tokens": 8, "ignore_eos": True}

    *chunks, last = server.stream("/chat/completions", body)

    assert all("timings" not in chunk for chunk in chunks)
    assert last["timings"]["predicted_n"] == 8


def test_the_prompt_of_a_named_template_is_shown_when_verbose(llama3):
    reply = chat(llama3, max_tokens=8)

    assert reply["__verbose"]["prompt"] == LLAMA3


@pytest.mark.parametrize(
    "prefill", ["Whill", [{"type": "text", "text": "Wh"}, {"type": "text", "text": "ill"}]]
)
def test_a_last_message_of_the_assistant_is_continued(llama3, prefill):
    reply = chat(llama3, [*BOOK, {"role": "assistant", "content": prefill}], max_tokens=8)

    assert reply["__verbose"]["prompt"] == LLAMA3 + "Whill"


def test_a_request_may_ask_for_the_prompt_or_not_to_see_it(server, llama3):
    shown = chat(server, max_tokens=2, verbose=True)

    assert "Book" in shown["__verbose"]["prompt"]
    assert "__verbose" not in chat(server, max_tokens=2)
    assert "__verbose" not in chat(llama3, max_tokens=2, verbose=False)


def test_the_template_alone_is_applied(serve):
    server = serve(chat_template="command-r")
    messages = [{"role": "system", "content": "You are a test."}, {"role": "user", "content": "Hi there"}]

    assert server.post("/apply-template", {"messages": messages}).json() == {"prompt": COMMAND_R}


def test_a_text_that_is_no_template_is_the_prompt(serve):
    server = serve(no_jinja=False, jinja=True, chat_template="This is not a chat template, it is")

    reply = chat(server, max_tokens=8, ignore_eos=True)

    assert reply["usage"]["completion_tokens"] == 8
    assert (
        server.post("/apply-template", {"messages": BOOK}).json()["prompt"].startswith("This is not a chat")
    )


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        ({"type": "json_object", "schema": {"const": "42"}}, '"42"'),
        ({"type": "json_schema", "json_schema": {"schema": {"const": "foooooo"}}}, '"foooooo"'),
        ({"type": "json_schema", "schema": {"const": "direct"}}, '"direct"'),
    ],
)
def test_a_format_with_one_value_gives_that_value(either, wanted, text):
    reply = chat(either, max_tokens=20, response_format=wanted)

    assert reply["choices"][0]["message"]["content"] == text


@pytest.mark.parametrize(
    "wanted", [{"type": "json_object"}, {"type": "text"}, {"type": "json_object", "schema": {}}]
)
def test_looser_formats_are_taken(server, wanted):
    content = chat(server, max_tokens=10, response_format=wanted)["choices"][0]["message"]["content"]

    assert content
    if "schema" not in wanted and wanted["type"] != "text":
        assert content.lstrip().startswith("{")


@pytest.mark.parametrize(
    "wanted",
    [
        {"type": "sound"},
        {"type": "json_object", "schema": 123},
        {"type": "json_object", "schema": {"type": 123}},
        {"type": "json_object", "schema": {"type": "hiccup"}},
        {},
        "json_object",
        7,
    ],
)
@pytest.mark.parametrize("is_stream", [False, True])
def test_formats_that_are_none_are_refused_before_a_stream_begins(server, wanted, is_stream):
    body = {"messages": BOOK, "max_tokens": 4, "response_format": wanted, "stream": is_stream}

    reply = server.post("/chat/completions", body)

    if wanted == {}:
        assert reply.status_code in (200, 400)
    else:
        assert reply.status_code == 400
        assert reply.json()["error"]["message"]


def test_a_schema_and_a_grammar_of_their_own_are_kept(either):
    schema = chat(either, max_tokens=6, json_schema={"const": "42"})
    grammar = chat(either, max_tokens=6, grammar='root ::= "a"{5,5}')

    assert schema["choices"][0]["message"]["content"] == '"42"'
    assert grammar["choices"][0]["message"]["content"] == "aaaaa"


@pytest.mark.parametrize(
    "messages",
    [
        None,
        "string",
        7,
        [123],
        [{}],
        [{"role": 123}],
        [{"role": "system", "content": 123}],
        [{"role": "system", "content": "test"}, {}],
        [{"role": "user", "content": "test"}, *[{"role": "assistant", "content": "test"}] * 2],
        [{"role": "user", "content": [{"type": "hologram"}]}],
        [{"role": "user", "content": [{"type": "text"}]}],
        [
            {
                "role": "user",
                "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}],
            }
        ],
    ],
)
def test_what_is_no_chat_is_refused(either, messages):
    reply = either.post("/chat/completions", {"messages": messages})

    error = reply.json()["error"]
    assert reply.status_code == error["code"]
    assert reply.status_code in (400, 501)


def test_several_choices_are_given(server):
    reply = chat(server, max_tokens=8, n=2, ignore_eos=True)

    assert [choice["index"] for choice in reply["choices"]] == [0, 1]
    assert all(choice["message"]["role"] == "assistant" for choice in reply["choices"])
    assert {choice["finish_reason"] for choice in reply["choices"]} == {"length"}


@pytest.mark.parametrize(("is_again", "n_events"), [(False, 4), (True, 2)])
def test_progress_begins_with_the_cache_and_ends_with_the_prompt(serve, is_again, n_events):
    server = serve(ctx_size=256, parallel=1, batch_size=64, alias=f"progress-{is_again}")
    n_prompt = 64 * (n_events - 1) - 20 if not is_again else 150
    body = {
        "messages": [{"role": "user", "content": text_of(server, n_prompt)}],
        "max_tokens": 10,
        "return_progress": True,
    }
    if is_again:
        chat(server, body["messages"], max_tokens=10)

    told = [
        chunk["prompt_progress"]
        for chunk in server.stream("/chat/completions", body)
        if "prompt_progress" in chunk
    ]

    done = [progress["processed"] for progress in told]
    assert len(told) == n_events
    assert done[0] == told[0]["cache"]
    assert (told[0]["cache"] > 0) is is_again
    assert done == sorted(set(done))
    assert done[-1] == told[-1]["total"] > 0
    assert {progress["total"] for progress in told} == {told[0]["total"]}


def text_of(server, n_tokens_wanted):
    """Return a text that makes a chat of about so many tokens."""
    text = ""
    while n_tokens(server, [{"role": "user", "content": text}]) < n_tokens_wanted:
        text += "This is a test"
    return text


def test_openais_client_chats_with_probabilities(server):
    options = {
        "model": "m",
        "messages": BOOK,
        "temperature": 0.0,
        "max_tokens": 5,
        "logprobs": True,
        "top_logprobs": 10,
    }

    with server.openai() as client:
        whole = client.chat.completions.create(**options)
        chunks = list(client.chat.completions.create(**options, stream=True))

    items = whole.choices[0].logprobs.content
    streamed = [
        item for chunk in chunks if chunk.choices[0].logprobs for item in chunk.choices[0].logprobs.content
    ]
    assert "".join(item.token for item in items) == whole.choices[0].message.content
    assert [item.token for item in streamed] == [item.token for item in items]
    assert all(
        item.logprob <= 0.0 and item.bytes is not None and len(item.top_logprobs) == 10 for item in items
    )
    assert chunks[0].choices[0].delta.role == "assistant"
    assert all(chunk.choices[0].delta.role is None for chunk in chunks[1:])


def test_openais_client_keeps_words_out(server):
    tokens = server.post("/tokenize", {"content": " " + " ".join(BANNED) + " "}).json()["tokens"]

    with server.openai() as client:
        answer = client.chat.completions.create(
            model="m",
            messages=BOOK,
            temperature=0.0,
            max_tokens=64,
            logit_bias={str(t): -100 for t in tokens},
        )

    text = answer.choices[0].message.content
    assert text
    assert not [word for word in BANNED if f" {word} " in text]


@pytest.mark.parametrize("is_stream", [False, True])
@pytest.mark.parametrize(("tools", "choice"), [([], None), (None, None), ([TOOL], "none")])
def test_tools_that_may_not_be_called_are_not(jinja, tools, choice, is_stream):
    body = {"messages": BOOK, "max_tokens": 32, "tools": tools, "tool_choice": choice, "stream": is_stream}

    reply = jinja.post("/v1/chat/completions", body)

    assert reply.status_code == 200
    assert "tool_calls" not in reply.text


@pytest.mark.parametrize("is_stream", [False, True])
def test_a_tool_that_must_be_called_is(jinja, is_stream):
    body = {
        "messages": BOOK,
        "max_tokens": 60,
        "tools": [TOOL],
        "tool_choice": "required",
        "parallel_tool_calls": False,
        "temperature": 0.0,
    }
    if is_stream:
        deltas = [chunk["choices"][0]["delta"] for chunk in jinja.stream("/v1/chat/completions", body)]
        parts = [call for delta in deltas for call in delta.get("tool_calls", [])]
        name, arguments = (
            parts[0]["function"]["name"],
            "".join(part["function"]["arguments"] for part in parts),
        )
        assert parts[0]["id"]
        assert parts[0]["type"] == "function"
    else:
        choice = jinja.post("/v1/chat/completions", body).json()["choices"][0]
        (call,) = choice["message"]["tool_calls"]
        name, arguments = call["function"]["name"], call["function"]["arguments"]
        assert not choice["message"]["content"]
        assert choice["finish_reason"] == "tool_calls"

    assert (name, json.loads(arguments)) == ("test", {"success": True})


def test_the_answer_to_a_tool_is_taken(jinja):
    call = {"id": "call_1", "type": "function", "function": {"name": "test", "arguments": '{"success":true}'}}
    messages = [
        *BOOK,
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "name": "test", "content": "0.55", "tool_call_id": "call_1"},
    ]

    assert chat(jinja, messages, max_tokens=4, tools=[TOOL])["choices"]
