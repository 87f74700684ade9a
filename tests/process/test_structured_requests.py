"""Rules that answers keep to, through a gateway and a real engine process on the fake runner."""

import asyncio
import json

import pytest

from corral.core.errors import InvalidRequestError
from corral.core.request import GenerationRequest
from corral.core.structure import Structure, StructureKind

POINT = {"properties": {"x": {"enum": [1, 2]}, "y": {"const": "here"}}, "required": ["x", "y"]}


def asked(kind, text, request_id="r"):
    return GenerationRequest(
        request_id=request_id, prompt=["hi"], max_tokens=60, structure=Structure(StructureKind(kind), text)
    )


async def text_of(gateway, request):
    async with gateway.door.generate(request) as generation:
        return "".join([item.text async for item in generation if hasattr(item, "text")])


def test_rule_crosses_the_pipe_and_holds(run, loaded):
    async def act():
        async with loaded() as gateway:
            return await asyncio.gather(
                text_of(gateway, asked("json_schema", json.dumps(POINT), "a")),
                text_of(gateway, asked("regex", "[0-9]{3}-[0-9]{2}", "b")),
                gateway.outputs("plain"),
            )

    point, number, plain = run(act())

    assert json.loads(point) in ({"x": 1, "y": "here"}, {"x": 2, "y": "here"})
    assert number == "000-00"
    assert len(plain) == 3


def test_bad_rule_fails_before_the_request_starts_and_the_engine_goes_on(run, loaded):
    async def act():
        async with loaded() as gateway:
            with pytest.raises(InvalidRequestError, match="Failed to parse grammar") as caught:
                await text_of(gateway, asked("gbnf", "root ::= ("))
            return caught.value.message, await text_of(gateway, asked("gbnf", 'root ::= "ok"'))

    message, text = run(act())

    assert "line 1, column 11" in message
    assert text == "ok"


def test_who_leaves_while_the_rule_is_compiled_leaves_nothing_behind(run, loaded):
    async def act():
        async with loaded() as gateway:
            async with gateway.door.generate(asked("gbnf", "root ::= [a-z]*")):
                pass
            await gateway.until_none_open()
            return gateway.door.metrics()

    metrics = run(act())

    assert (metrics.n_processing, metrics.n_deferred) == (0, 0)
