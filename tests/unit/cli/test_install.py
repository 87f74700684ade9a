"""What `--install-pkgs` does, and in which order. Nothing is installed here."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from corral.catalog.runner_packages import Packages
from corral.cli.install import Step, plan, prepare
from corral.config.parse import InstallWish, parse

EXTRAS = {"exllama": ("exllamav2>=0.3",), "tensorflow": ("tensorflow>=2.20",)}
PIP = [sys.executable, "-m", "pip", "install"]
BUILD = [*PIP, "--force-reinstall", "--no-deps", "--no-cache-dir", "--no-binary", "llama-cpp-python"]


class FakeMachine:
    """A machine that only writes down what it is told to run."""

    def __init__(self, *, has_gpu=False, has_gpu_build=False, extras=EXTRAS, status=0):
        self.ran = []
        self._facts = (has_gpu, has_gpu_build)
        self._extras = extras
        self._status = status

    def has_gpu(self):
        return self._facts[0]

    def has_gpu_build(self):
        return self._facts[1]

    def packages(self):
        return Packages(self._extras, frozenset())

    def library_version(self):
        return "0.3.36"

    def run(self, step):
        self.ran.append(step)
        return self._status


@pytest.mark.parametrize(
    ("has_gpu", "has_gpu_build", "is_forced", "is_built"),
    [
        (False, False, False, False),
        (True, True, False, False),
        (True, False, False, True),
        (False, False, True, True),
        (False, True, True, False),
    ],
)
def test_llama_cpp_is_built_for_a_gpu_that_is_there_or_forced(has_gpu, has_gpu_build, is_forced, is_built):
    machine = FakeMachine(has_gpu=has_gpu, has_gpu_build=has_gpu_build)

    steps = plan(["llama"], InstallWish(is_wanted=True, is_cuda_forced=is_forced), machine)

    assert [step.words for step in steps] == [[*BUILD, "llama-cpp-python==0.3.36"]] * is_built
    assert all(step.environ == {"CMAKE_ARGS": "-DGGML_CUDA=on"} for step in steps)


def test_pytorch_comes_in_its_one_version_before_what_needs_it():
    steps = plan(["llama", "exllama"], InstallWish(is_wanted=True), FakeMachine())

    assert [step.words for step in steps] == [[*PIP, "torch==2.13.0"], [*PIP, "exllamav2>=0.3"]]


@pytest.mark.parametrize(
    ("wish", "installed"),
    [
        (InstallWish(is_torch_skipped=True), ["exllamav2>=0.3", "tensorflow>=2.20"]),
        (InstallWish(is_tensorflow_skipped=True), ["torch==2.13.0", "exllamav2>=0.3"]),
    ],
)
def test_what_is_skipped_stays_as_it_is(wish, installed):
    steps = plan(["exllama", "tensorflow"], wish, FakeMachine())

    assert [step.words[-1] for step in steps] == installed


def test_nothing_is_planned_for_a_runner_that_corral_does_not_have():
    assert plan(["exllama"], InstallWish(is_wanted=True), FakeMachine(extras={})) == []


def test_a_command_is_shown_as_it_can_be_typed():
    step = Step("reason", ["python", "-m", "pip", "install", "a>=1"], {"CMAKE_ARGS": "-DGGML_CUDA=on"})

    assert step.shown == "CMAKE_ARGS=-DGGML_CUDA=on python -m pip install 'a>=1'"


def test_what_the_declared_models_need_is_installed_before_the_start(tmp_path, capsys):
    machine = FakeMachine()

    assert prepare(_parsed(tmp_path, "models: {a: {model: a, runner: exllama}}"), machine)

    assert [step.words[-1] for step in machine.ran] == ["torch==2.13.0", "exllamav2>=0.3"]
    assert f"+ {sys.executable} -m pip install torch==2.13.0\n" in capsys.readouterr().err


def test_a_command_that_fails_ends_the_start(tmp_path, capsys):
    machine = FakeMachine(status=7)

    assert not prepare(_parsed(tmp_path, "models: {a: {model: a, runner: exllama}}"), machine)

    assert len(machine.ran) == 1
    assert "error: the command failed with status 7; nothing was started\n" in capsys.readouterr().err


def test_a_runner_that_cannot_be_installed_is_told_and_the_others_start(tmp_path, capsys):
    machine = FakeMachine(extras={})

    assert prepare(_parsed(tmp_path, "models: {a: {model: a, runner: exllama}}"), machine)

    assert machine.ran == []
    err = capsys.readouterr().err
    assert "nothing to install for the runner 'exllama'" in err


def test_definitions_that_cannot_be_read_end_the_start(tmp_path, capsys):
    parsed = _parsed(tmp_path, "models: {a: {model: a}}")
    (tmp_path / "corral.yaml").write_text("models: [")

    assert not prepare(parsed, FakeMachine())

    assert capsys.readouterr().err.startswith("error: ")


def _parsed(folder, document):
    file = folder / "corral.yaml"
    file.write_text(document)
    return parse(
        ["--config", str(file), "--install-pkgs"], {}, lambda path: Path(path).read_text(encoding="utf-8")
    )
