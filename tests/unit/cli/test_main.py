"""The commands, as a user types them."""

from __future__ import annotations

import subprocess
import sys
import types

import pytest

from corral import __version__
from corral.cli.main import COMMANDS, main


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"], ["help"]])
def test_the_overview_names_every_command(capsys, words):
    assert main(words) == 0
    out, err = capsys.readouterr()

    assert all(f"  {name} " in out for name in COMMANDS)
    assert err == ""


def test_the_version_is_the_package_s(capsys):
    assert main(["--version"]) == 0

    assert capsys.readouterr().out == f"corral {__version__}\n"


def test_an_unknown_command_is_answered_with_the_nearest(capsys):
    assert main(["serv"]) == 1
    out, err = capsys.readouterr()

    assert out == ""
    assert err == "error: unknown command: serv\ndid you mean `corral serve`?\n"


def test_a_flag_without_a_command_is_explained(capsys):
    assert main(["-m", "model.gguf"]) == 1

    assert "corral serve -m" in capsys.readouterr().err


def test_wrong_options_go_to_standard_error_only(capsys):
    assert main(["serve", "--port", "x"]) == 1
    out, err = capsys.readouterr()

    assert out == ""
    assert err.startswith('error while handling argument "--port": stoi')


def test_help_of_serve_goes_to_standard_output(capsys):
    assert main(["serve", "--help"]) == 0

    assert capsys.readouterr().out.startswith("----- common params -----\n")


def test_version_of_serve_goes_to_standard_error(capsys):
    assert main(["serve", "--version"]) == 0
    out, err = capsys.readouterr()

    assert out == ""
    assert err.startswith(f"version: {__version__} (")


def test_good_options_reach_the_server(monkeypatch, capsys):
    served = []
    app = types.SimpleNamespace(serve=lambda settings: served.append(settings) or 7)
    monkeypatch.setitem(sys.modules, "corral.app.serving", app)
    monkeypatch.setenv("LLAMA_ARG_PORT", "81")

    assert main(["serve", "--port", "82"]) == 7

    assert served[0].server.port == 82
    assert capsys.readouterr().err.startswith("warn: LLAMA_ARG_PORT environment variable is set")


def test_ctrl_c_while_a_command_is_still_starting_ends_it_without_a_traceback(monkeypatch, capsys):
    def interrupted(_settings):
        raise KeyboardInterrupt

    monkeypatch.setitem(sys.modules, "corral.app.serving", types.SimpleNamespace(serve=interrupted))

    assert main(["serve"]) == 130

    assert capsys.readouterr() == ("", "")


def test_the_package_runs_as_a_module():
    child = subprocess.run(
        [sys.executable, "-m", "corral", "--version"], capture_output=True, text=True, check=True
    )

    assert child.stdout == f"corral {__version__}\n"


@pytest.mark.parametrize(("words", "code"), [(["options"], 0), (["--help"], 0), ([], 1), (["nothing"], 1)])
def test_docs_prints_one_page(capsys, words, code):
    assert main(["docs", *words]) == code
    out, err = capsys.readouterr()

    assert bool(out) == (code == 0)
    assert bool(err) == (code == 1)


@pytest.mark.parametrize(
    ("module", "library"),
    [
        ("corral.app.serving", "numpy"),
        ("corral.app.serving", "rich"),
        ("corral.engine.process", "llguidance"),
    ],
)
def test_what_few_requests_need_is_not_imported_at_the_start(module, library):
    code = f"import sys, {module}; sys.exit({library!r} in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_overview_imports_nothing_heavy():
    code = (
        "import sys; from corral.cli.main import main; main(['--help']); print(*sys.modules, file=sys.stderr)"
    )
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert not {"msgspec", "yaml", "httpx", "numpy", "fastapi", "corral.config"} & set(child.stderr.split())
