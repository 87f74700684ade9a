"""`corral run` with a server that is played."""

import io
import json

import httpx
import pytest
from rich.console import Console

from corral.cli.answer import Wish
from corral.cli.chat import Chat, talk
from corral.cli.run import main
from corral.cli.server import Server
from corral.cli.target import loaded

CHAT = "POST /v1/chat/completions"


def chunks(*texts):
    return [{"choices": [{"delta": {"content": text}}]} for text in texts]


@pytest.fixture
def loads(played):
    """Let the server load its models."""
    for path in ("owner%2Fbig%3AQ4_K_M", "tiny"):
        played.answers[f"POST /admin/models/{path}/load"] = {"name": "x", "state": "ready"}
    played.answers[CHAT] = chunks("Hel", "lo.")


@pytest.fixture
def screen():
    return io.StringIO()


@pytest.fixture
def chat(played, loads, screen):  # noqa: ARG001 - for what it does
    server = Server("http://corral", transport=httpx.MockTransport(played))
    console = Console(file=screen, width=200)
    return Chat(server, "tiny", console, change_model=lambda name: loaded(server, name))


@pytest.fixture
def lines(chat, screen):
    """Hold a conversation of these lines; an exception is raised where a line would be read."""

    def hold(*given):
        rest = iter(given)

        def read():
            line = next(rest, EOFError())
            if isinstance(line, BaseException):
                raise line
            return line

        talk(chat, read, Console(file=screen, width=200))
        return screen.getvalue()

    return hold


@pytest.mark.usefixtures("loads")
def test_a_prompt_gets_one_answer(played, capsys):
    assert main(["big", "How", "are you?", "--max-tokens", "5", "--system", "Be brief."]) == 0

    assert capsys.readouterr().out == "Hello.\n"
    assert played.body() == {
        "model": "owner/big:Q4_K_M",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "How are you?"},
        ],
        "max_tokens": 5,
        "stream": True,
    }


@pytest.mark.usefixtures("loads")
def test_what_is_piped_in_is_the_prompt(played, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("from a pipe"))

    assert main(["tiny"]) == 0
    assert played.body()["messages"] == [{"role": "user", "content": "from a pipe"}]


@pytest.mark.usefixtures("played")
def test_an_empty_pipe_is_an_error(monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", io.StringIO(""))

    assert main(["tiny"]) == 1
    assert "nothing to ask" in capsys.readouterr().err


@pytest.mark.usefixtures("loads")
def test_programs_get_one_document(played, capsys):
    message = {"content": "Hi", "reasoning_content": "hm"}
    played.answers[CHAT] = {
        "model": "tiny",
        "choices": [{"message": message, "finish_reason": "stop"}],
        "usage": {"total_tokens": 3},
    }

    assert main(["tiny", "hello", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "model": "tiny",
        "content": "Hi",
        "reasoning": "hm",
        "finish_reason": "stop",
        "usage": {"total_tokens": 3},
    }


@pytest.mark.usefixtures("played", "loads")
def test_a_model_that_the_server_lacks_is_told_with_those_it_has(capsys):
    assert main(["none", "hello"]) == 1

    err = capsys.readouterr().err
    assert "owner/big:Q4_K_M, tiny" in err
    assert "--own" in err


@pytest.mark.usefixtures("loads")
def test_a_server_that_only_administrators_may_ask_loads_by_itself(played, capsys):
    played.refuse("POST /admin/models/tiny/load", 401, "This needs an admin key")

    assert main(["tiny", "hello"]) == 0
    assert capsys.readouterr().out == "Hello.\n"


@pytest.mark.usefixtures("loads")
def test_a_load_that_fails_ends_the_command_with_the_reason(played, capsys):
    played.refuse("POST /admin/models/tiny/load", 503, "There is no room for tiny.")

    assert main(["tiny", "hello"]) == 1
    assert capsys.readouterr().err == "error: There is no room for tiny.\n"


@pytest.mark.usefixtures("loads")
def test_an_error_in_mid_answer_ends_the_command_with_it(played, capsys):
    played.answers[CHAT] = [*chunks("Hel"), {"error": {"message": "The engine crashed."}}]

    assert main(["tiny", "hello"]) == 1
    assert capsys.readouterr().err == "error: The engine crashed.\n"


def test_what_is_neither_here_nor_a_repository_is_an_error(played, capsys):
    played.silent()

    assert main(["nothing", "hello"]) == 1
    assert "'nothing'" in capsys.readouterr().err


def test_the_model_is_told_what_was_said_before(played, lines):
    shown = lines("one", "two")

    assert shown.count("Hello.") == 2
    assert [message["content"] for message in played.body()["messages"]] == ["one", "Hello.", "two"]


def test_clear_forgets_and_system_stands_before_the_rest(played, lines):
    lines("one", "/clear", "/system Be brief.", "two")

    assert played.body()["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "two"},
    ]


def test_another_model_goes_on_with_the_same_talk(played, lines):
    shown = lines("one", "/model BIG", "two", "/model")

    assert "This is owner/big:Q4_K_M." in shown
    chats = [request for request in played.asked if request.url.path == "/v1/chat/completions"]
    assert json.loads(chats[-1].content)["model"] == "owner/big:Q4_K_M"
    assert len(json.loads(chats[-1].content)["messages"]) == 3


def test_a_line_that_goes_wrong_does_not_end_the_talk(played, lines):
    shown = lines("/model none", "/dance", "/help", "one", "/exit", "never read")

    assert "has no model 'none'" in shown
    assert "There is no /dance" in shown
    assert "/system TEXT" in shown
    assert "Hello." in shown
    assert len([request for request in played.asked if request.url.path == "/v1/chat/completions"]) == 1


def test_ctrl_c_at_the_prompt_does_not_end_the_talk(lines):
    shown = lines(KeyboardInterrupt(), "one")

    assert "Ctrl-D" in shown
    assert "Hello." in shown


def test_ctrl_c_stops_the_answer_and_keeps_what_came(played, chat, monkeypatch):
    shown = []

    def show(piece):
        shown.append(piece.text)
        if len(shown) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(chat, "_show", show)

    assert chat.ask("one") == "Hel"
    chat.ask("two")
    assert [message["content"] for message in played.body()["messages"]] == ["one", "Hel", "two"]


def test_thoughts_are_shown_and_not_said_again(played, chat, screen):
    thought = [{"choices": [{"delta": {"reasoning_content": "Well now"}}]}]
    played.answers[CHAT] = [*thought, *chunks("Yes.")]

    assert chat.ask("one") == "Yes."
    assert "Well now" in screen.getvalue()


def test_an_answer_cannot_drive_the_terminal(played, chat, screen):
    played.answers[CHAT] = chunks("\x1b]0;owned\x07", "[red]x")

    chat.ask("one")

    assert "\x1b]" not in screen.getvalue()
    assert "[red]x" in screen.getvalue()


@pytest.mark.usefixtures("loads")
def test_what_is_asked_for_reaches_the_model(played):
    server = Server("http://corral", transport=httpx.MockTransport(played))

    Chat(server, "tiny", Console(file=io.StringIO()), wish=Wish(temperature=0.0)).ask("one")

    assert played.body()["temperature"] == 0.0
