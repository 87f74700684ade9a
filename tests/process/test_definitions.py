"""A file of definitions is the user's Python: whatever it does, the server hears models or one sentence."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from corral.config.definitions.child import evaluate
from corral.config.definitions.sources import sources
from corral.config.parse import parse
from corral.core.errors import SettingsError

EXAMPLE = '''\
"""Models."""
from typing import Dict
from llama_api.schemas.models import ExllamaModel, LlamaCppModel
from llama_api.modules.base import BaseLLMModel
from beside import CONTEXT

print("loading", flush=True)
small = LlamaCppModel("small.gguf", 2048)
orca_mini_3b = LlamaCppModel(
    model_path="orca-mini-3b.q4_0.gguf",
    max_total_tokens=CONTEXT,
    n_gpu_layers=30,
)
orca_mini_7b = ExllamaModel(model_path="orca_mini_7b", compress_pos_emb=2.0)
elsewhere = ReverseProxyModel(model_path="http://127.0.0.1:9/v1", ttl=60)
_draft = LlamaCppModel(model_path="not meant")
second = small
small.n_threads = 3

openai_replacement_models: Dict[str, str] = {"gpt-3.5-turbo": "orca_mini_3b", "gpt-4": "small"}
'''


def test_the_definitions_of_llama_api_work_as_they_are(tmp_path):
    (tmp_path / "beside.py").write_text("CONTEXT = 4096\n")
    (tmp_path / "json.py").write_text("raise SystemExit('hides a library')\n")
    file = _file(tmp_path, EXAMPLE)
    settings = parse(["--definitions", str(file), "-b", "64"], {}, Path.read_text).settings

    (source,) = sources(settings)
    small, mini, exllama, elsewhere = source.read()

    assert source.paths == (file,)
    assert small.names == ("small", "second", "gpt-4")
    assert (small.settings.engine.n_ctx, small.settings.engine.cpu.n_threads) == (2048, 3)
    assert mini.names == ("orca_mini_3b", "gpt-3.5-turbo")
    assert (mini.settings.engine.n_ctx, mini.settings.engine.n_batch) == (4096, 64)
    assert (exllama.runner, exllama.settings.model.path) == ("exllama", "orca_mini_7b")
    assert elsewhere.settings.remote.base_url == "http://127.0.0.1:9/v1"
    assert elsewhere.settings.stay.ttl_s == 60


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("a = 1\nb = (\n", 2, "SyntaxError: '(' was never closed"),
        ("a = 1\nb = c\n", 2, "NameError: name 'c' is not defined"),
        ("def f():\n    raise ValueError('no')\nf()\n", 2, "ValueError: no"),
        ("import sys\nsys.exit(3)\n", 2, "it ended itself (sys.exit(3))"),
        ("import nonsense_of_mine\n", 1, "ModuleNotFoundError: No module named 'nonsense_of_mine'"),
        ("a = LlamaCppModel('a', 1, 2)\n", 1, "takes model_path and max_total_tokens by position"),
        ("a = LlamaCppModel('a', model_path='b')\n", 1, "got model_path twice"),
        ("a = LlamaCppModel(model_path='a', seed=object())\n", None, "a: its arguments must be texts"),
        ("openai_replacement_models = ['a']\n", None, "must be a dict of names"),
        ("def f():\n    f()\nf()\n", 2, "RecursionError"),
        ("raise KeyboardInterrupt\n", 1, "KeyboardInterrupt"),
    ],
)
def test_a_broken_file_is_told_with_its_line_and_reason(tmp_path, text, line, reason):
    file = _file(tmp_path, text)

    with pytest.raises(SettingsError) as caught:
        evaluate(file)

    place = f"{file}, line {line}: " if line else f"{file}: "
    assert caught.value.message.startswith(place)
    assert reason in caught.value.message


def test_an_endless_loop_is_ended_and_its_line_told(tmp_path):
    file = _file(tmp_path, "a = 1\nwhile a:\n    pass\n")

    with pytest.raises(SettingsError, match=r"line [23]: it did not end in time"):
        evaluate(file, limit_s=0.5)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("import os\nos._exit(4)\n", "its process ended itself with status 4"),
        ("import os\nos.abort()\n", "its process was ended by SIGABRT"),
    ],
)
def test_a_process_that_ends_before_it_answers_is_told(tmp_path, text, reason):
    with pytest.raises(SettingsError, match=reason):
        evaluate(_file(tmp_path, text))


def test_what_the_file_prints_is_no_answer(tmp_path):
    text = "import os\nprint('{}')\nos.write(1, b'{}')\nos.system('echo {}')\nm = LlamaCppModel('m')\n"

    assert [model.names for model in evaluate(_file(tmp_path, text)).models] == [["m"]]


def test_threads_and_processes_that_the_file_leaves_behind_hold_nobody_up(tmp_path):
    text = f"""\
import subprocess, threading, time
left = subprocess.Popen([{sys.executable!r}, "-c", "import time; time.sleep(60)"])
threading.Thread(target=time.sleep, args=(60,)).start()
m = LlamaCppModel(str(left.pid))
"""

    (model,) = evaluate(_file(tmp_path, text), limit_s=30).models

    assert _ended(int(model.arguments["model_path"]))


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(SettingsError, match="there is no file"):
        evaluate(tmp_path / "none.py")


def _ended(pid):
    """End the process that the file left; return whether it was still there to be ended."""
    import os
    import signal

    os.kill(pid, signal.SIGKILL)
    return True


def _file(folder, text):
    file = folder / "model_definitions.py"
    file.write_text(text)
    return file
