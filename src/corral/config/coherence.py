"""Whether options fit together."""

from __future__ import annotations

from collections.abc import Iterator

from corral.core.engine_settings import EngineSettings
from corral.core.errors import SettingsError
from corral.core.settings import ModelSettings, Settings


def check(settings: Settings) -> None:
    """Raise `SettingsError` where two settings contradict each other."""
    _check_source(settings.model)
    _check_context(settings.engine)


def remarks(settings: Settings) -> Iterator[str]:
    """Yield a warning for each setting that has no effect because of another."""
    if settings.model.hf_file and not settings.model.hf_repo:
        yield "warn: --hf-file has no effect without --hf-repo"
    if settings.log.has_timestamps and not settings.log.has_prefix:
        yield "warn: --log-timestamps has no effect without --log-prefix"


def _check_source(model: ModelSettings) -> None:
    if model.url and model.hf_repo:
        raise SettingsError("error: --model-url and --hf-repo name two models; give one")
    if model.hf_repo and model.hf_file and model.path:
        raise SettingsError(
            "error: with --hf-repo, --model and --hf-file both name the remote file; give one"
        )


def _check_context(engine: EngineSettings) -> None:
    n_ctx, n_parallel = engine.n_ctx, engine.n_parallel
    if n_ctx and n_parallel and n_ctx < n_parallel:
        raise SettingsError(f"error: --ctx-size {n_ctx} leaves no token for each of {n_parallel} slots")
