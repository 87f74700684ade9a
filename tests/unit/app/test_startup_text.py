import asyncio
import io

import msgspec
import pytest

from corral.app.startup_text import StartupText, web_address
from corral.core.model_view import ModelEvent, ModelState, ModelView


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


def test_of_a_model_that_gets_ready_its_size_is_told_and_its_name_as_it_is(text, screen):
    name = "[bold]a/very/long/path/to/a/model/with/a/long/name.gguf"

    async def events():
        yield ModelEvent(n=1, model=name, state=ModelState.READY)

    asyncio.run(text.follow(events(), lambda model: f"{model} is ready: 4 slots of 512 tokens"))

    assert screen.getvalue() == f"{name} is ready: 4 slots of 512 tokens\n"


def test_of_many_models_those_that_can_be_loaded_are_named(text, screen):
    views = [ModelView(name=f"m{number:02}", state=ModelState.UNLOADED) for number in range(13)]
    views[1] = msgspec.structs.replace(views[1], is_default=True)

    text.many(views)

    told = screen.getvalue()
    assert "Serves 13 models" in told
    assert "m00, m01" in told
    assert "m12" not in told
    assert "Requests that name none get m01" in told
    assert "cannot be loaded" not in told


def test_without_any_model_it_is_told_how_to_get_one(text, screen):
    text.many([])

    assert screen.getvalue() == (
        "Serves no model yet: put a GGUF file into the models folder, or `corral pull` one\n"
    )


def test_of_models_that_are_broken_some_reasons_are_told_and_the_way_to_all(text, screen):
    views = [
        ModelView(name=f"m{n}", state=ModelState.UNUSABLE, reason="it is empty\nand old") for n in range(5)
    ]

    text.many(views)

    assert "Serves no model yet" in screen.getvalue()
    assert "m0 cannot be loaded: it is empty; and old\n" in screen.getvalue()
    assert "m3" not in screen.getvalue()
    assert "2 more cannot be loaded: `corral models` says why" in screen.getvalue()


def test_with_the_model_that_comes_along_it_is_told_why_it_is_not_another(text, screen):
    text.bundled(("mine in models cannot be loaded: it is empty",))

    lines = screen.getvalue().splitlines()
    assert lines[0] == "mine in models cannot be loaded: it is empty"
    assert "demonstration" in lines[1]


def test_who_reads_no_more_does_not_end_the_server():
    class Gone(io.StringIO):
        def flush(self):
            raise BrokenPipeError

    StartupText(Gone()).stopping(5)
