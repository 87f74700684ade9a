"""From the words of the command line, the environment and a file to `Settings`. Pure: no process is touched.

Order, weakest first: defaults, the file, the environment, the command line.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from corral.config import coherence, escapes
from corral.config.arguments import ENDINGS, read_arguments
from corral.config.cache_dir import default_cache_dir
from corral.config.environment import read_environment, unread
from corral.config.fill import filled, merged
from corral.config.given import Given, ReadFile
from corral.config.rows.general import COMPLETION, CONFIG, HELP, VERSION
from corral.config.rows.install import FORCE_CUDA, INSTALL, SKIP_TENSORFLOW, SKIP_TORCH
from corral.config.rows.model import CACHE_LIST
from corral.core.settings import ServerSettings, Settings


class Wish(enum.Enum):
    """What the command line asks for."""

    RUN = "run"
    HELP = "help"
    VERSION = "version"
    DEVICES = "devices"
    CACHE_LIST = "cache_list"
    COMPLETION = "completion"


@dataclass(frozen=True, kw_only=True)
class InstallWish:
    """Which packages may be installed before the server starts."""

    is_wanted: bool = False
    is_cuda_forced: bool = False
    is_torch_skipped: bool = False
    is_tensorflow_skipped: bool = False


_WISHES = {HELP: Wish.HELP, CACHE_LIST: Wish.CACHE_LIST, COMPLETION: Wish.COMPLETION}


@dataclass(frozen=True)
class Parsed:
    """`warnings` are whole lines for standard error."""

    wish: Wish
    settings: Settings
    warnings: tuple[str, ...]
    install: InstallWish = InstallWish()


def parse(argv: Sequence[str], environ: Mapping[str, str], read_file: ReadFile) -> Parsed:
    """Return what the user wants.

    Raises:
        SettingsError: its message is everything that belongs on standard error.
    """
    variables = read_environment(environ, read_file)
    arguments = read_arguments(argv, read_file)
    if arguments and arguments[-1].option in ENDINGS:
        wish = Wish.VERSION if arguments[-1].option is VERSION else Wish.DEVICES
        return Parsed(wish, Settings(), ())
    file = _file(variables + arguments, read_file)
    given = [*file.given, *variables, *arguments]
    coherence.check_together(given)
    values = {**merged(given), "catalog.config_file": file.declaring}
    settings = escapes.processed(_with_dirs(filled(Settings(), values), environ))
    settings = msgspec.structs.replace(settings, server=file.with_keys(settings.server))
    coherence.check(settings)
    warnings = (
        *_overwritten(variables, arguments),
        *(f"warn: {one.remark}" for one in given if one.remark),
        *coherence.remarks(settings),
        *coherence.remarks_together(given),
        *unread(environ),
    )
    return Parsed(_wish(arguments), settings, warnings, _install(arguments))


def _wish(arguments: Iterable[Given]) -> Wish:
    """Return what is to be done once everything was read: the first thing that is no serving, if any."""
    return next((_WISHES[one.option] for one in arguments if one.option in _WISHES), Wish.RUN)


@dataclass(frozen=True)
class _File:
    """What the configuration file gives, and its path if it declares models. `with_keys` adds its keys."""

    given: list[Given] = field(default_factory=list)
    declaring: str | None = None
    with_keys: Callable[[ServerSettings], ServerSettings] = lambda server: server


def _file(given: Iterable[Given], read_file: ReadFile) -> _File:
    files = [one for one in given if one.option is CONFIG]
    if not files:
        return _File()
    from corral.config import yaml_file  # noqa: PLC0415 - PyYAML costs time that few starts need
    from corral.config.definitions import yaml_keys, yaml_models  # noqa: PLC0415

    text = str(files[-1].value or "")
    declared = yaml_models.read(text, read_file)
    keys = yaml_keys.read(text, read_file)
    return _File(
        yaml_file.read_yaml(text, read_file),
        files[-1].path if declared else None,
        lambda server: yaml_keys.with_keys(server, keys),
    )


def _install(arguments: Iterable[Given]) -> InstallWish:
    given = {one.option for one in arguments}
    return InstallWish(
        is_wanted=INSTALL in given,
        is_cuda_forced=FORCE_CUDA in given,
        is_torch_skipped=SKIP_TORCH in given,
        is_tensorflow_skipped=SKIP_TENSORFLOW in given,
    )


def _with_dirs(settings: Settings, environ: Mapping[str, str]) -> Settings:
    """Return the settings with a folder for downloads, and one for prefixes on disk if they are wanted."""
    settings = _with_cache_dir(settings, environ)
    tiers = settings.engine.tiers
    if not tiers.disk_bytes or tiers.disk_dir is not None:
        return settings
    assert settings.model.cache_dir is not None
    return filled(settings, {"engine.tiers.disk_dir": str(Path(settings.model.cache_dir) / "prefixes")})


def _with_cache_dir(settings: Settings, environ: Mapping[str, str]) -> Settings:
    if settings.model.cache_dir is not None:
        return settings
    return filled(settings, {"model.cache_dir": default_cache_dir(environ)})


def _overwritten(variables: Iterable[Given], arguments: Iterable[Given]) -> Iterator[str]:
    flags = {one.option: one.source for one in arguments if not one.option.is_repeatable}
    for one in variables:
        if one.option in flags:
            yield (
                f"warn: {one.source} environment variable is set, but will be overwritten by "
                f"command line argument {flags[one.option]}"
            )
