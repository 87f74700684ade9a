"""Every route that takes a body refuses what it cannot read, names the field, and lives on."""

import contextlib
import json

import msgspec
import pytest

from corral.api.server import dialects
from corral.core.messages import InfillTokens
from corral.core.settings import ServerSettings

ENDPOINTS = [
    pytest.param(endpoint, endpoint.paths[0], id=endpoint.paths[0])
    for endpoint in dialects()
    if endpoint.method != "GET"
    and endpoint.is_served
    and not endpoint.is_admin  # they have tests of their own
]
METHODS = {endpoint.values[1]: endpoint.values[0].method for endpoint in ENDPOINTS}
NO_JSON = {
    "empty": b"",
    "blank": b" \n",
    "unfinished": b'{"prompt": "a"',
    "two": b"{} {}",
    "binary": b"\x00\x01\xff",
    "not UTF-8": (
        b'{"prompt": "\xff", "content": "\xc3", "tokens": ["\xff"], "system_prompt": "\xff", "model": "\xff"}'
    ),
    "half a character": b'{"prompt": "\\ud800"}',
    "NaN": b'{"prompt": "a", "temperature": NaN}',
    "Infinity": b'{"prompt": "a", "temperature": -Infinity}',
    "a comment": b'{"prompt": "a"} // really',
    "single quotes": b"{'prompt': 'a'}",
    "deep in a key that nobody knows": b'{"x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "deep from the start": b"[" * 100_000 + b"]" * 100_000,
    "deep objects": b'{"prompt":' * 50_000 + b"1" + b"}" * 50_000,
    "a text": b'"prompt"',
    "a number": b"1",
    "null": b"null",
    "true": b"true",
}
WRONG = [
    True,
    -1,
    2.5,
    2**70,
    1e308,
    "text",
    "",
    {},
    {"a": {}},
    [],
    [[]],
    [None],
    [{"a": 1}],
    ["a", 1],
    [[[1]]],
]
SWITCHES = ServerSettings(is_metrics=True, is_slots=True, is_props=True, slot_save_dir="/nowhere")


@pytest.fixture
def post(door, make_client, run_for):
    """Post to a path of the table, with everything switched on and the model run for what the path is for."""
    client = make_client(server=SWITCHES)
    infill = InfillTokens(prefix=250, suffix=251, middle=252)
    door.model_facts = msgspec.structs.replace(door.model_facts, infill=infill)

    def send(path, body):
        if "embed" in path:
            run_for("embed")
        elif "rank" in path:
            run_for("rank")
        target = path.replace("{id_slot}", "0") + ("?action=save" if "{id_slot}" in path else "")
        return client.call(METHODS[path], target, content=body)

    yield send

    run_for("generate")
    assert client.post("/completion", {"prompt": "a"}).status_code == 200, "it has not survived"


@pytest.mark.parametrize("body", NO_JSON.values(), ids=NO_JSON)
@pytest.mark.parametrize(("endpoint", "path"), ENDPOINTS)
def test_what_is_no_object_is_400_with_a_sentence(post, refused, endpoint, path, body):
    reply = post(path, body)

    assert endpoint.method in ("POST", "PUT")
    assert refused(reply)["type"] == "invalid_request_error"


@pytest.mark.parametrize(("endpoint", "path"), ENDPOINTS)
def test_a_wrong_type_names_its_field(post, endpoint, path):
    for name, value, body in cases(endpoint):
        reply = post(path, body)

        # A text that names no model, or no character, is well formed there.
        is_name = (path.startswith("/models/") or name == "character") and reply.status_code == 404
        assert is_name or reply.status_code in (200, 400, 501), (body, reply.text)
        if not is_typed(endpoint, body):
            assert reply.status_code == 400, (body, reply.text)
            assert f"Field '{name}" in reply.json()["error"]["message"], (value, reply.text)
        elif reply.status_code != 200:
            assert reply.json()["error"]["message"]


@pytest.mark.parametrize(("endpoint", "path"), ENDPOINTS)
def test_a_body_of_the_wrong_shape_is_refused(post, refused, endpoint, path):
    wrong = {} if isinstance(endpoint.example, list) or endpoint.body is None else []

    refused(post(path, json.dumps(wrong).encode()))


def test_a_body_that_can_just_be_parsed_is_served_or_refused(client):
    for depth in range(880, 960, 4):
        deep = b'{"a":' * depth + b"1" + b"}" * depth
        body = b'{"messages":[{"role":"user","content":"a"}],"chat_template_kwargs":{"tools":%b}}' % deep

        reply = client.post("/v1/chat/completions", content=body)

        assert reply.status_code in (200, 400), (depth, reply.text)


def cases(endpoint):
    """Yield each field of the body with each wrong value, and a body with what else it needs."""
    fields = () if endpoint.body is None else msgspec.structs.fields(endpoint.body)
    for field in fields:
        for value in WRONG:
            body = {**(endpoint.example or {}), field.encode_name: value}
            yield field.encode_name, value, json.dumps(body).encode()


def is_typed(endpoint, body):
    with contextlib.suppress(msgspec.ValidationError):
        msgspec.json.decode(body, type=endpoint.body)
        return True
    return False
