import io
from pathlib import Path

import pytest

from corral.catalog.source import ModelSource
from corral.core.messages import ModelFacts
from corral.startup_text import StartupText, web_address


@pytest.fixture
def screen():
    return io.StringIO()


@pytest.fixture
def text(screen):
    return StartupText(screen)


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:80"),
        ("0.0.0.0", "http://127.0.0.1:80"),  # noqa: S104
        ("::1", "http://[::1]:80"),
        ("::", "http://[::1]:80"),
        ("box.lan", "http://box.lan:80"),
    ],
)
def test_the_address_can_be_opened_on_this_machine(host, address):
    assert web_address((host, 80), is_tls=False) == address


def test_with_a_certificate_the_address_is_of_https():
    assert web_address(("0.0.0.0", 443), is_tls=True) == "https://127.0.0.1:443"  # noqa: S104


def test_under_a_prefix_the_address_is_that_of_the_page():
    assert web_address(("::1", 80), is_tls=False, prefix="/llm") == "http://[::1]:80/llm/"


def test_a_unix_socket_is_shown_as_one():
    assert web_address(("/run/corral.sock", None), is_tls=True) == "unix:///run/corral.sock"


def test_all_addresses_stand_in_one_line(text, screen):
    text.listening(["http://127.0.0.1:80", "unix://a.sock"])

    assert screen.getvalue().endswith("listens on http://127.0.0.1:80, unix://a.sock\n")


def test_a_name_is_shown_as_it_is(text, screen):
    name = "[bold]a/very/long/path/to/a/model/with/a/long/name.gguf"

    text.ready(ModelSource(Path(name), name), ModelFacts(n_slots=4, n_ctx=512))

    assert screen.getvalue() == f"{name} is ready: 4 slots of 512 tokens\n"


def test_who_reads_no_more_does_not_end_the_server():
    class Gone(io.StringIO):
        def flush(self):
            raise BrokenPipeError

    StartupText(Gone()).stopping(5)


def test_without_downloads_there_are_no_bars(text, screen):
    with text.downloads():
        pass

    assert screen.getvalue() == ""


def test_a_download_has_a_bar(text, screen):
    with text.downloads() as progress:
        progress("model.gguf", 0.5)
        progress("model.gguf", 1.0)

    assert "model.gguf" in screen.getvalue()
    assert "100%" in screen.getvalue()
