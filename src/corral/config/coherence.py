"""Whether options fit together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from corral.config.given import Given
from corral.config.rows.embedding import EMBEDDING, RERANKING
from corral.config.rows.install import INSTALL
from corral.config.rows.install import ROWS as INSTALL_ROWS
from corral.core.engine_settings import DraftSettings, EngineSettings, RopeSettings, TierSettings
from corral.core.errors import SettingsError
from corral.core.settings import ModelSettings, RemoteSettings, Settings

BY_MODEL = "draft-simple"  # a value of --spec-type


def check(settings: Settings) -> None:
    """Raise `SettingsError` where two settings contradict each other."""
    _check_source(settings.model, settings.remote)
    _check_context(settings.engine)
    _check_grouping(settings.engine.rope, settings.model)
    _check_pooling(settings.engine)
    _check_tiers(settings.engine.tiers)
    _check_drafts(settings.engine.drafts)


def _check_drafts(drafts: DraftSettings) -> None:
    if drafts.kinds is not None and BY_MODEL in drafts.kinds and drafts.model_path is None:
        raise SettingsError(f"error: --spec-type {BY_MODEL} needs the file of a small model: --model-draft")


def _check_tiers(tiers: TierSettings) -> None:
    if tiers.disk_bytes and tiers.host_bytes == 0:
        raise SettingsError(
            "error: --cache-disk needs host memory, where files are read to: no --cache-ram 0"
        )


def check_together(given: Iterable[Given]) -> None:
    """Raise `SettingsError` where two options were given that exclude each other."""
    options = {one.option for one in given}
    if {EMBEDDING, RERANKING} <= options:
        raise SettingsError("error: either --embedding or --reranking can be specified, but not both")


def remarks_together(given: Iterable[Given]) -> Iterator[str]:
    """Yield a warning for each option that has no effect without another."""
    options = {one.option for one in given}
    if INSTALL not in options:
        alone = [option for option in INSTALL_ROWS if option in options]
        yield from (f"warn: --{option.name} has no effect without --install-pkgs" for option in alone)


def remarks(settings: Settings) -> Iterator[str]:
    """Yield a warning for each setting that has no effect because of another."""
    yield from _remarks_on_remote(settings.remote)
    if settings.model.hf_file and not settings.model.hf_repo:
        yield "warn: --hf-file has no effect without --hf-repo"
    if settings.model.projector_path and not settings.model.is_projector_wanted:
        yield "warn: --mmproj has no effect with --no-mmproj"
    if settings.engine.tiers.disk_dir is not None and not settings.engine.tiers.disk_bytes:
        yield "warn: --cache-disk-path has no effect without --cache-disk"
    drafts = settings.engine.drafts
    if drafts.model_path is not None and drafts.kinds is not None and BY_MODEL not in drafts.kinds:
        yield f"warn: --model-draft has no effect with --spec-type {','.join(drafts.kinds) or 'none'}"
    yield from _remarks_on_purpose(settings)
    if bool(settings.server.tls_key_file) != bool(settings.server.tls_cert_file):
        yield "warn: https needs both --ssl-key-file and --ssl-cert-file; connections are not encrypted"
    if settings.log.has_timestamps and not settings.log.has_prefix:
        yield "warn: --log-timestamps has no effect without --log-prefix"


def _remarks_on_remote(remote: RemoteSettings) -> Iterator[str]:
    if remote.base_url:
        return
    if remote.api_key:
        yield "warn: --proxy-key has no effect without --proxy-url"
    if remote.model:
        yield "warn: --proxy-model has no effect without --proxy-url"


def _remarks_on_purpose(settings: Settings) -> Iterator[str]:
    engine, model = settings.engine, settings.model
    if engine.purpose == "generate":
        if engine.pooling:
            yield "warn: --pooling has no effect without --embedding"
        return
    if engine.system_prompt:
        yield "warn: --system-prompt-file has no effect on embeddings and reranking"
    if model.projector_path or model.projector_url:
        yield "warn: --mmproj has no effect on embeddings and reranking, which read text only"


def _check_source(model: ModelSettings, remote: RemoteSettings) -> None:
    sources = {
        "--model-url": model.url,
        "--hf-repo": model.hf_repo,
        "--docker-repo": model.docker_repo,
        "--proxy-url": remote.base_url,
    }
    given = [flag for flag, value in sources.items() if value]
    if remote.base_url and model.path:
        given.insert(0, "--model")
    if len(given) > 1:
        raise SettingsError(f"error: {given[0]} and {given[1]} name two models; give one")
    if model.hf_repo and model.hf_file and model.path:
        raise SettingsError(
            "error: with --hf-repo, --model and --hf-file both name the remote file; give one"
        )


def _check_grouping(rope: RopeSettings, model: ModelSettings) -> None:
    if rope.group_n > 1 and rope.group_width % rope.group_n:
        raise SettingsError(
            f"error: --grp-attn-w {rope.group_width} must be a multiple of --grp-attn-n {rope.group_n}"
        )
    if rope.group_n > 1 and (model.projector_path or model.projector_url):
        raise SettingsError("error: --grp-attn-n groups the positions of text only; leave out --mmproj")


def _check_pooling(engine: EngineSettings) -> None:
    if engine.purpose == "rank" and engine.pooling not in (None, "rank"):
        raise SettingsError(
            f"error: --reranking reads scores, which --pooling {engine.pooling} does not give; leave it out"
        )


def _check_context(engine: EngineSettings) -> None:
    n_ctx, n_parallel = engine.n_ctx, engine.n_parallel
    if n_ctx and n_parallel and n_ctx < n_parallel:
        raise SettingsError(f"error: --ctx-size {n_ctx} leaves no token for each of {n_parallel} slots")
