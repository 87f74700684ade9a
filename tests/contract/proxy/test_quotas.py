"""What another server runs counts for the key that asks for it."""

import httpx
import pytest

from corral.api.server import create_app
from corral.core.caller import CallerTerms, Quota, caller_of_key
from corral.core.settings import ServerSettings, Settings

ASK = {"model": "other", "prompt": "a" * 400}
KEY = {"headers": {"Authorization": "Bearer few"}}


@pytest.fixture
def limited(remote):
    """Serve with a key that has a quota."""

    def serve(**quota):
        terms = {caller_of_key("few"): CallerTerms(quota=Quota(**quota))}
        settings = Settings(server=ServerSettings(api_keys=("few",), terms=terms))
        remote.app = create_app(remote.models, settings, remotes=remote.remotes)
        return remote

    return serve


def test_its_requests_are_counted_and_the_one_beyond_is_not_passed_on(limited, other_server, refused):
    client = limited(requests_per_minute=1)

    first = client.post("/v1/completions", ASK, **KEY)
    second = client.post("/v1/completions", ASK, **KEY)

    assert first.headers["x-ratelimit-remaining-requests"] == "0"
    refused(second, "1 requests per minute", status=429)
    assert other_server.n_closed == 1


def test_its_tokens_are_counted_by_the_size_of_what_was_sent(limited):
    client = limited(tokens_per_day=1000)

    headers = client.post("/v1/completions", ASK, **KEY).headers

    assert 850 < int(headers["x-ratelimit-remaining-tokens"]) < 900


@pytest.mark.parametrize(
    "part",
    [
        {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "iVBORw0K" * 5000}},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "ab/+" * 10000 + "=="}},
        {"type": "input_image", "image_url": "data:image/jpeg;base64," + "iVBORw0K" * 5000},
        {"type": "input_audio", "input_audio": {"format": "wav", "data": "UklGRgAA" * 5000}},
    ],
)
def test_pictures_and_sound_are_not_taken_for_text(limited, part):
    client = limited(tokens_per_day=1000)
    content = [{"type": "text", "text": "a" * 400}, part]
    body = {"model": "other", "messages": [{"role": "user", "content": content}]}

    headers = client.post("/v1/chat/completions", body, **KEY).headers

    assert 800 < int(headers["x-ratelimit-remaining-tokens"]) < 890


@pytest.mark.parametrize(
    "content",
    [
        "data:image/png;base64," + "iVBORw0K" * 400,
        '"url": "data:image/png;base64,' + "iVBORw0K" * 400,
        [{"type": "text", "text": "data:image/png;base64," + "iVBORw0K" * 400}],
    ],
)
def test_text_that_looks_like_a_picture_counts(limited, content):
    client = limited(tokens_per_day=1000)
    body = {"model": "other", "messages": [{"role": "user", "content": content}]}

    headers = client.post("/v1/chat/completions", body, **KEY).headers

    assert int(headers["x-ratelimit-remaining-tokens"]) < 200


@pytest.mark.parametrize("failure", [httpx.ConnectError("refused"), httpx.ReadTimeout("silent")])
def test_what_the_other_server_gives_no_answer_to_counts_nothing(limited, other_server, failure):
    client = limited(requests_per_day=2, tokens_per_day=1000)
    other_server.refusal = failure

    replies = [client.post("/v1/completions", ASK, **KEY) for _ in range(3)]

    assert {reply.status_code for reply in replies} <= {502, 504}
    assert replies[-1].headers["x-ratelimit-remaining-requests"] == "2"
    assert replies[-1].headers["x-ratelimit-remaining-tokens"] == "1000"


def test_how_the_quota_there_stands_is_not_taken_for_that_here(limited, other_server):
    other_server.headers = {"content-type": "application/json", "X-RateLimit-Limit-Requests": "7"}
    client = limited(requests_per_minute=5)

    headers = client.post("/v1/completions", ASK, **KEY).headers

    assert headers.get_list("x-ratelimit-limit-requests") == ["5"]
