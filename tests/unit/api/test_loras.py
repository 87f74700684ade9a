from __future__ import annotations

import pytest

from corral.api.generation.loras import to_loras, to_scales, to_wire
from corral.core.errors import InvalidRequestError


def test_ids_and_scales_are_paired():
    assert to_scales([{"id": 1, "scale": 0.5}, {"id": 0, "scale": 2}], 2) == ((1, 0.5), (0, 2.0))


def test_a_scale_that_is_not_named_is_0():
    assert to_scales([{"id": 0}], 1) == ((0, 0.0),)


def test_scales_are_float32_as_llama_cpp_computes_with_them():
    assert to_scales([{"id": 0, "scale": 0.1}], 1) == ((0, 0.10000000149011612),)


def test_an_empty_array_says_nothing_as_in_llama_server():
    assert to_loras(None, 1) is None
    assert to_loras([], 1) is None
    assert to_loras([{"id": 0, "scale": 0}], 1) == ((0, 0.0),)


def test_the_wire_gets_back_what_it_asked():
    assert to_wire(((0, 0.5),)) == [{"id": 0, "scale": 0.5}]


@pytest.mark.parametrize(
    ("entry", "word"),
    [
        ({"id": 2, "scale": 1}, "invalid adapter id"),
        ({"id": -1, "scale": 1}, "invalid adapter id"),
        ({"scale": 1}, "invalid adapter id"),
        ({"id": True, "scale": 1}, "invalid adapter id"),
        ({"id": 0.0, "scale": 1}, "invalid adapter id"),
        ({"id": "0", "scale": 1}, "invalid adapter id"),
        ({"id": 0, "scale": "1"}, "must be a number"),
        ({"id": 0, "scale": True}, "must be a number"),
        ({"id": 0, "scale": None}, "must be a number"),
        ({"id": 0, "scale": 1e39}, "must be a number"),
        ({"id": 0, "scale": 10**400}, "must be a number"),
        ({"id": 0, "scale": float("inf")}, "must be a number"),
        (0, "must be an object"),
        ([0, 1.0], "must be an object"),
    ],
)
def test_anything_else_is_refused(entry, word):
    with pytest.raises(InvalidRequestError, match=word):
        to_scales([entry], 2)


def test_an_adapter_named_twice_is_refused():
    with pytest.raises(InvalidRequestError, match="named twice"):
        to_scales([{"id": 0, "scale": 1}, {"id": 0, "scale": 0.5}], 1)
