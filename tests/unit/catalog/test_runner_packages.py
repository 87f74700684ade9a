"""Which packages a runner lacks, and the command that brings them."""

from __future__ import annotations

import sys

from corral.catalog.runner_packages import Packages, missing, packages, pip, problem

THERE = Packages({"exllama": ("exllamav2>=0.3", "some_thing")}, frozenset({"numpy", "some-thing"}))


def test_what_is_missing_is_named_with_the_command_that_installs_it():
    sentence = problem("exllama", THERE)

    assert sentence == (
        f"it needs torch, exllamav2: install with `{sys.executable} -m pip install torch==2.13.0 "
        "'exllamav2>=0.3'`, or start with --install-pkgs"
    )


def test_what_is_there_is_not_asked_for():
    whole = Packages(THERE.extras, THERE.installed | {"torch", "exllamav2"})

    assert missing("exllama", THERE) == ("torch==2.13.0", "exllamav2>=0.3")
    assert missing("exllama", whole) == ()
    assert problem("exllama", whole) is None


def test_llama_cpp_needs_nothing_more():
    assert problem("llama", Packages({}, frozenset())) is None


def test_a_runner_that_corral_does_not_have_cannot_be_installed():
    assert problem("nonsense", THERE) == (
        "it is declared for the runner 'nonsense', which this Corral does not have"
    )


def test_the_environment_is_read_from_its_own_metadata():
    found = packages()

    assert {"msgspec", "llama-cpp-python"} <= found.installed
    assert any(requirement.startswith("matplotlib") for requirement in found.extras["bench"])


def test_pip_installs_into_the_environment_that_runs():
    assert pip(["a", "b"]) == [sys.executable, "-m", "pip", "install", "a", "b"]
