"""What a command makes of a server that refuses, breaks off, or is no Corral."""

import httpx
import pytest

from corral.cli.outcome import CommandError, UnreachableError
from corral.cli.server import RefusedError, Server


@pytest.fixture
def server(played):
    return Server("http://corral", transport=httpx.MockTransport(played))


def test_a_name_with_slashes_and_colons_is_one_part_of_the_path(server, played, ready):
    played.answers["POST /admin/models/owner%2Fbig%3AQ4_K_M/load"] = {"name": "x", "state": "ready"}

    assert server.load(ready.name).name == "x"


def test_a_refusal_carries_the_server_s_own_sentence(server, played):
    played.refuse("GET /admin/models", 401, "This needs an admin key")

    with pytest.raises(RefusedError, match="needs an admin key") as refused:
        server.models()

    assert refused.value.http_status == 401


@pytest.mark.parametrize("answer", [(404, {"detail": "Not Found"}), (500, ["?"])])
def test_another_program_s_answer_is_told_as_such(server, played, answer):
    played.answers["GET /admin/models"] = answer

    with pytest.raises(RefusedError, match="is no Corral server"):
        server.models()


@pytest.mark.parametrize("document", [{}, {"models": [{"name": "x", "state": "dreaming"}]}, "text"])
def test_words_of_another_version_are_no_crash(server, played, document):
    played.answers["GET /admin/models"] = document

    with pytest.raises(CommandError, match="does not know"):
        server.models()


def test_nobody_there_is_told_with_what_to_do(server, played):
    played.silent()

    with pytest.raises(UnreachableError, match="corral serve"):
        server.models()


def test_a_connection_that_breaks_is_told(server, played):
    played.answers["GET /admin/models"] = httpx.RemoteProtocolError("peer closed connection")

    with pytest.raises(UnreachableError, match="peer closed"):
        server.models()


def test_news_come_one_by_one(server, played):
    played.answers["GET /admin/events"] = [
        {"n": 1, "model": "tiny", "state": "loading", "progress": 0.5},
        {"n": 2, "model": "tiny", "state": "ready"},
    ]

    with server.news() as news:
        assert [event.state.value for event in news] == ["loading", "ready"]


def test_an_error_in_the_midst_of_a_stream_is_raised(server, played):
    played.answers["GET /admin/events"] = [{"error": {"message": "It broke."}, "content": ""}]

    with server.news() as news, pytest.raises(CommandError, match=r"It broke\."):
        next(news)


def test_a_pull_gives_progress_and_then_the_model(server, played):
    played.answers["POST /admin/pull"] = [
        {"download": {"n": 1, "model": "owner/x", "state": "downloading", "progress": 0.5}},
        {"model": {"name": "owner/x", "state": "unloaded"}},
    ]

    first, last = server.pull("owner/x")

    assert (first.progress, last.name) == (0.5, "owner/x")
    assert played.body() == {"source": "owner/x", "stream": True}
