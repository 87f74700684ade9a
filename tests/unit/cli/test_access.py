"""Which server a command asks, and which keys it shows to whom."""

import pytest

from corral.app.admin_key import AdminKeyFile
from corral.cli.access import Access, settings_here
from corral.cli.outcome import CommandError
from corral.cli.ps import main


@pytest.fixture
def sent(played):
    """Return the headers of a command's request."""

    def send(*words):
        assert main([*words, "--json"]) == 0
        return played.asked[-1]

    return send


def test_without_a_word_it_is_the_server_of_this_machine(sent):
    assert str(sent().url) == "http://127.0.0.1:8080/admin/models"


def test_the_environment_names_another_and_the_flag_beats_it(sent, played, monkeypatch):
    played.answers["GET /llm/admin/models"] = played.answers["GET /admin/models"]
    monkeypatch.setenv("CORRAL_URL", "http://box:1")

    assert sent().url.host == "box"
    assert str(sent("--url", "other.lan:2/llm/").url) == "http://other.lan:2/llm/admin/models"


def test_a_port_that_serve_would_take_is_asked(sent, monkeypatch):
    monkeypatch.setenv("LLAMA_ARG_PORT", "8123")

    assert sent().url.port == 8123


def test_a_key_is_sent_as_a_bearer_token(sent, monkeypatch):
    monkeypatch.setenv("CORRAL_API_KEY", "from-environment")

    assert sent().headers["authorization"] == "Bearer from-environment"
    assert sent("--key", "given").headers["authorization"] == "Bearer given"


def test_the_key_that_a_server_of_this_user_wrote_is_found(sent, tmp_path):
    with AdminKeyFile(str(tmp_path / "cache"), 8080, "written"):
        assert sent().headers["x-api-key"] == "written"
        assert sent("--url", "http://localhost:8080").headers["x-api-key"] == "written"


@pytest.mark.parametrize(
    "url", ["http://box.lan:8080", "http://127.0.0.1:8081", "http://127.0.0.1.evil.lan:8080"]
)
def test_no_other_server_gets_it(sent, tmp_path, url):
    with AdminKeyFile(str(tmp_path / "cache"), 8080, "written"):
        assert "x-api-key" not in sent("--url", url).headers


@pytest.mark.usefixtures("played")
@pytest.mark.parametrize("url", ["ftp://box", "http://", "http://box:port", "http://[::1"])
def test_what_is_no_address_is_refused(url):
    with pytest.raises(CommandError, match="no address"):
        Access(url=url, key=None, settings=settings_here())


@pytest.mark.usefixtures("played")
def test_a_key_that_no_header_can_carry_is_refused(capsys):
    assert main(["--key", "clé"]) == 1

    assert "plain ASCII" in capsys.readouterr().err
