"""What another server runs counts for the key that asks for it."""

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


def test_how_the_quota_there_stands_is_not_taken_for_that_here(limited, other_server):
    other_server.headers = {"content-type": "application/json", "X-RateLimit-Limit-Requests": "7"}
    client = limited(requests_per_minute=5)

    headers = client.post("/v1/completions", ASK, **KEY).headers

    assert headers.get_list("x-ratelimit-limit-requests") == ["5"]
