"""Whatever JSON comes, the answer is a good one or a 4xx; never a fault of ours."""

import json
import string

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corral.api.embedding.types import EmbeddingBody
from corral.api.llama2.types import PutTextBody
from corral.api.llamacpp.infill import InfillBody
from corral.api.llamacpp.rerank import RerankBody
from corral.api.llamacpp.types import CompletionBody, DetokenizeBody, PropsBody, TokenizeBody
from corral.api.openai.types import ChatBody, TextBody
from corral.core.messages import InfillTokens

NUMBERS = st.one_of(
    st.integers(),
    st.integers(-5, 5),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([2**31, 2**32 - 1, 2**63, -(2**63), 10**30, 1e308, 0.5, -1]),
)
LEAVES = st.one_of(st.none(), st.booleans(), NUMBERS, st.text(string.printable + "é水\x00", max_size=8))
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
CHAT = {"messages": [{"role": "user", "content": "hi"}]}
ROUTES = {
    "/completion": (CompletionBody, {"prompt": "a"}),
    "/v1/completions": (TextBody, {"prompt": "a"}),
    "/v1/chat/completions": (ChatBody, CHAT),
    "/apply-template": (ChatBody, CHAT),
    "/tokenize": (TokenizeBody, {}),
    "/detokenize": (DetokenizeBody, {}),
    "/props": (PropsBody, {}),
    "/embedding": (EmbeddingBody, {"content": "a"}),
    "/v1/embeddings": (EmbeddingBody, {"input": "a"}),
    "/rerank": (RerankBody, {"query": "a", "documents": ["b"]}),
    "/infill": (InfillBody, {"input_prefix": "a"}),
    "/put/text": (PutTextBody, CHAT),
}
METHODS = {"/put/text": "PUT"}


PURPOSES = {"/embedding": "embed", "/v1/embeddings": "embed", "/rerank": "rank"}
INFILL = InfillTokens(prefix=1, suffix=2, middle=3)


@pytest.mark.parametrize("path", ROUTES)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_every_field_takes_or_refuses_any_value(open_client, door, run_for, path, data):
    run_for(PURPOSES.get(path, "generate"))
    door.model_facts = msgspec.structs.replace(door.model_facts, infill=INFILL)
    struct, valid = ROUTES[path]
    some = st.dictionaries(st.sampled_from(struct.__struct_fields__), VALUES, min_size=1, max_size=4)
    body = json.dumps({**valid, **data.draw(some)})

    reply = open_client.call(METHODS.get(path, "POST"), path, content=body)

    assert reply.status_code in (200, 400), (body, reply.text)
    if reply.status_code == 400:
        assert reply.json()["error"]["message"]
