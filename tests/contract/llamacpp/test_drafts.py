"""`speculative.*` of requests, and what the timings tell of drafts."""

import msgspec
import pytest

from corral.api.generation import timings
from corral.core.outcome import FinishReason, SequenceEnd
from corral.core.request import DraftLimits

BODIES = {
    "/completion": {"prompt": "hi"},
    "/v1/completions": {"prompt": "hi"},
    "/v1/chat/completions": {"messages": [{"role": "user", "content": "hi"}]},
}


@pytest.mark.parametrize("path", BODIES)
def test_a_request_limits_its_drafts(client, door, path):
    client.post(
        path, {**BODIES[path], "speculative.n_max": 5, "speculative.n_min": -2, "speculative.p_min": 7}
    )

    assert door.requests[0].drafts == DraftLimits(n_max=5, n_min=0, p_min=1.0)


def test_a_request_that_says_nothing_has_the_limits_of_the_server(client, door):
    client.post("/completion", {"prompt": "hi"})

    assert door.requests[0].drafts == DraftLimits()


@pytest.mark.parametrize(("name", "value"), [("n_max", 1.5), ("n_max", "x"), ("p_min", "x")])
def test_what_is_no_number_is_refused_by_name(client, name, value):
    answer = client.post("/completion", {"prompt": "hi", f"speculative.{name}": value})

    assert answer.status_code == 400
    assert f"speculative.{name}" in answer.json()["error"]["message"]


def test_timings_tell_of_drafts_where_there_were_any():
    end = SequenceEnd(FinishReason.EOS, "", 5, 1, 9, 13, 1.0, 2.0, is_truncated=False, slot=0, seed=1)

    drafted = msgspec.structs.replace(end, n_drafted=8, n_drafted_accepted=6)

    told = msgspec.json.decode(msgspec.json.encode(timings.of(drafted)))
    assert (told["draft_n"], told["draft_n_accepted"]) == (8, 6)
    assert "draft_n" not in msgspec.json.decode(msgspec.json.encode(timings.of(end)))
