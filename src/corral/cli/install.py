"""`corral serve --install-pkgs`: installs what the declared models need, before anything starts."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from typing import Protocol

from corral.catalog.runner_packages import Packages, has_runner, missing, name_of, packages, pip
from corral.config.definitions.sources import sources
from corral.config.parse import InstallWish, Parsed
from corral.core.errors import SettingsError

_LIBRARY = "llama-cpp-python"
_CUDA = {"CMAKE_ARGS": "-DGGML_CUDA=on"}


@dataclass(frozen=True)
class Step:
    """One command, and what it is for. `environ` adds to the environment."""

    reason: str
    words: list[str]
    environ: Mapping[str, str] = field(default_factory=dict)

    @property
    def shown(self) -> str:
        """The command as it can be typed."""
        return " ".join([*(f"{name}={text}" for name, text in self.environ.items()), shlex.join(self.words)])


class Machine(Protocol):
    """What is asked of this machine and done to it."""

    def has_gpu(self) -> bool:
        """Return whether there is an NVIDIA GPU."""
        ...

    def has_gpu_build(self) -> bool:
        """Return whether the llama.cpp of this environment sees a device besides the CPU."""
        ...

    def packages(self) -> Packages:
        """Return what is installed."""
        ...

    def library_version(self) -> str:
        """Return the version of the llama.cpp bindings."""
        ...

    def run(self, step: Step) -> int:
        """Run the command where the user sees its output; return its exit status."""
        ...


def prepare(parsed: Parsed, machine: Machine | None = None) -> bool:
    """Install what `parsed` asks for and its models need; return whether the server may start.

    Every command is shown before it runs, and the first that fails ends this.
    """
    machine = machine or ThisMachine()
    try:
        runners = _runners(parsed)
    except SettingsError as error:
        sys.stderr.write(f"error: {error.message}\n")
        return False
    for runner in sorted(runners):
        if not has_runner(runner, machine.packages()):
            sys.stderr.write(f"warn: nothing to install for the runner '{runner}': Corral does not have it\n")
    steps = plan(runners, parsed.install, machine)
    if not steps:
        sys.stderr.write("--install-pkgs: there is nothing to install\n")
    return all(_done(step, machine) for step in steps)


def plan(runners: Iterable[str], wish: InstallWish, machine: Machine) -> list[Step]:
    """Return the commands that are needed, in order. Nothing is changed."""
    found = machine.packages()
    steps = [_cuda_build(machine.library_version())] if _is_cuda_wanted(wish, machine) else []
    skipped = {"torch": wish.is_torch_skipped, "tensorflow": wish.is_tensorflow_skipped}
    seen: set[str] = set()
    for runner in sorted(runners):
        for requirement in missing(runner, found) if has_runner(runner, found) else ():
            if requirement not in seen and not skipped.get(name_of(requirement)):
                steps.append(Step(f"the runner '{runner}' needs it", pip([requirement])))
            seen.add(requirement)
    return steps


class ThisMachine:
    """The machine that runs this process, and its Python environment."""

    def has_gpu(self) -> bool:
        """Ask nvidia-smi, which comes with the driver."""
        program = shutil.which("nvidia-smi")
        if program is None:
            return False
        try:
            listed = subprocess.run([program, "-L"], capture_output=True, check=False, timeout=30)  # noqa: S603
        except (OSError, subprocess.TimeoutExpired):
            return False
        return listed.returncode == 0 and b"GPU" in listed.stdout

    def has_gpu_build(self) -> bool:
        """Ask a child, as `--list-devices` does: looking for devices may end a process."""
        words = [sys.executable, "-m", "corral.engine.llama.devices"]
        listed = subprocess.run(words, capture_output=True, check=False)  # noqa: S603 - our own module
        return listed.returncode == 0 and b"(none)" not in listed.stdout

    def packages(self) -> Packages:
        """Ask the metadata of what is installed."""
        return packages()

    def library_version(self) -> str:
        """Ask the metadata."""
        return metadata.version(_LIBRARY)

    def run(self, step: Step) -> int:
        """Run the command with our own input and output."""
        return subprocess.run(step.words, env={**os.environ, **step.environ}, check=False).returncode  # noqa: S603


def _runners(parsed: Parsed) -> set[str]:
    declared = (model for source in sources(parsed.settings) for model in source.read())
    return {"llama", *(model.runner for model in declared)}


def _is_cuda_wanted(wish: InstallWish, machine: Machine) -> bool:
    if not (wish.is_cuda_forced or machine.has_gpu()):
        return False
    return not machine.has_gpu_build()


def _cuda_build(version: str) -> Step:
    requirement = f"{_LIBRARY}=={version}"
    options = ["--force-reinstall", "--no-deps", "--no-cache-dir", "--no-binary", _LIBRARY]
    return Step("llama.cpp was built without support for this GPU", pip([*options, requirement]), _CUDA)


def _done(step: Step, machine: Machine) -> bool:
    sys.stderr.write(f"--install-pkgs: {step.reason}\n+ {step.shown}\n")
    sys.stderr.flush()
    try:
        status = machine.run(step)
    except OSError as error:
        sys.stderr.write(f"error: the command could not be run: {error}\n")
        return False
    if status:
        sys.stderr.write(f"error: the command failed with status {status}; nothing was started\n")
    return status == 0
