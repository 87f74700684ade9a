"""What the server was told on its command line, for requests that are silent; and what /props says."""

import msgspec
import pytest

from corral.core.settings import GenerationDefaults

TOOLS = (
    "{% if tools %}{{ tools | tojson }}{% endif %}{% for m in messages %}{{ m.content }}"
    "{% for call in m.tool_calls %}{{ call.function.arguments | tojson }}{% endfor %}{% endfor %}"
)


def test_the_default_prompt_is_for_requests_without_one(make_client, door):
    client = make_client(generation=GenerationDefaults(prompt="Once upon"))

    answer = client.post("/completion", {"n_predict": 1}).json()
    client.post("/completion", {"prompt": "Other"})

    assert [request.prompt for request in door.requests] == [["Once upon"], ["Other"]]
    assert answer["prompt"] == "Once upon"


def test_without_a_default_a_prompt_is_needed(client, refused):
    refused(client.post("/completion", {"n_predict": 1}), "prompt")


@pytest.mark.parametrize("path", ["/completion", "/v1/completions", "/v1/chat/completions"])
def test_default_stop_strings_are_for_requests_without_any(make_client, door, path):
    client = make_client(generation=GenerationDefaults(stop=("User:",)))
    body = {"prompt": "a", "messages": [{"role": "user", "content": "hi"}]}

    for more in ({}, {"stop": []}, {"stop": ["END"]}):
        client.post(path, {**body, **more})

    assert [request.stop for request in door.requests] == [("User:",), ("User:",), ("END",)]


def caps(client, door, source):
    door.model_facts = msgspec.structs.replace(door.model_facts, chat_template=source)
    return client.get("/props").json()["chat_template_caps"]


def test_props_tell_what_the_chat_template_can(client, door):
    plain = caps(client, door, "{{ messages[-1].content }}")
    able = caps(client, door, TOOLS)
    texts = caps(
        client, door, "{% for m in messages %}{{ m.tool_calls[0].function.arguments + '' }}{% endfor %}"
    )

    assert plain == {
        "supports_string_content": True,
        "supports_typed_content": False,
        "supports_system_role": False,
        "supports_tools": False,
        "supports_tool_calls": False,
        "supports_parallel_tool_calls": False,
        "supports_object_arguments": False,
        "supports_preserve_reasoning": False,
        "supports_reasoning_effort": False,
    }
    assert [name for name, can in able.items() if can] == [
        "supports_string_content",
        "supports_system_role",
        "supports_tools",
        "supports_tool_calls",
        "supports_parallel_tool_calls",
        "supports_object_arguments",
    ]
    assert not texts["supports_object_arguments"]


def test_props_name_the_file_and_its_type(client, door):
    door.model_facts = msgspec.structs.replace(door.model_facts, path="/models/a.gguf")

    props = client.get("/props").json()

    assert (props["model_path"], props["model_ftype"]) == ("/models/a.gguf", "Q8_0")
