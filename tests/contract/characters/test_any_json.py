"""Whatever JSON stands anywhere in the body, the answer is a good one or a 4xx with a sentence."""

import copy
import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.contract.characters.conftest import BODY

LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([2**31, 2**63, 10**30, 1e308, 0.5, -1, 0]),
    st.text("@&${}abcharNameWren:\n<s>é水\x00", max_size=20),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


def places(value):
    """Yield each container within a body with each of its keys."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in list(pairs):
        yield value, key
        if isinstance(inner, dict | list):
            yield from places(inner)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_every_place_takes_or_refuses_any_value(client, data):
    body = copy.deepcopy(BODY)
    body["character"]["extra"] = body["stream"] = body["emotionScores"] = None
    body["genParams"] |= {"seed": None, "stop": ["a"], "token_repetition_penalty_max": None}
    for _ in range(data.draw(st.integers(1, 3))):
        container, key = data.draw(st.sampled_from(list(places(body))))
        container[key] = data.draw(VALUES)

    reply = client.post("/chat", content=json.dumps(body))

    is_name = isinstance(body["character"], str) and reply.status_code == 404
    assert is_name or reply.status_code in (200, 400), (body, reply.text)
    if reply.status_code != 200:
        assert reply.json()["error"]["message"]
