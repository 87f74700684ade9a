"""Models from Hugging Face repositories, through the huggingface_hub library and its cache.

The library knows where the hub is, follows HF_ENDPOINT and HF_HUB_OFFLINE, resumes downloads and finds the
user's own token when none is given. The token goes to the library only, never into a log or an error.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from huggingface_hub import HfApi, hf_hub_download, snapshot_download

# HTTPError: the library has changed its HTTP client between versions; this name always is the current one's.
from huggingface_hub.errors import HTTPError, LocalEntryNotFoundError  # type: ignore[attr-defined]
from huggingface_hub.utils.tqdm import tqdm

from corral.catalog.parts import all_parts
from corral.catalog.progress import Progress, silent
from corral.catalog.projector import choose_projector
from corral.catalog.quant import choose
from corral.core import log
from corral.core.errors import ModelLoadError

_TIMEOUT_S = 10.0
_OFFLINE = "it is not on this machine, and --offline forbids to download it; start once without --offline"

_log = log.get("catalog")


class Hub:
    """The hub as one user sees it. `endpoint` and `cache_dir` None: the library's own.

    `is_offline`: only what is in its cache.
    """

    def __init__(
        self,
        token: str | None = None,
        *,
        endpoint: str | None = None,
        cache_dir: Path | None = None,
        is_offline: bool = False,
    ) -> None:
        self._token = token
        self._is_offline = is_offline
        self._endpoint = endpoint
        self._cache_dir = cache_dir

    def fetch(self, repo: str, file: str | None = None, *, progress: Progress = silent) -> Path:
        """Return the local file of `owner/name[:QUANT]`, downloaded if need be; `file` None: chosen by QUANT.

        Raises:
            ModelLoadError: no such repository or file, no permission, or no connection.
        """
        name, _, quant = repo.partition(":")
        try:
            parts = all_parts(file or choose(self._files(name), quant or None))
            first, *_ = [self._download(name, part, progress) for part in parts]
        except (HTTPError, OSError, ValueError) as error:
            is_missing = self._is_offline and isinstance(error, LocalEntryNotFoundError)
            reason = _OFFLINE if is_missing else _reason(error)
            raise ModelLoadError(f"cannot get {repo}: {reason}", repo=repo) from error
        return first

    def projector(self, repo: str, *, progress: Progress = silent) -> Path | None:
        """Return the local file of the projector in `owner/name[:QUANT]`, None if there is none.

        Raises:
            ModelLoadError: it is there and cannot be had.
        """
        name, _, _ = repo.partition(":")
        try:
            files = self._files(name)
        except (HTTPError, OSError, ValueError) as error:
            _log.warning("projector.unknown", repo=repo, reason=_reason(error))
            return None
        file = choose_projector(files)
        return self.fetch(name, file, progress=progress) if file else None

    def _files(self, repo: str) -> list[str]:
        if self._is_offline:
            return self._cached_files(repo, OSError(_OFFLINE))
        try:
            # Not `list_repo_files`: without a connection it tries for half a minute.
            model = HfApi(endpoint=self._endpoint, token=self._token).model_info(repo, timeout=_TIMEOUT_S)
        except (HTTPError, OSError) as error:
            return self._cached_files(repo, error)
        return [file.rfilename for file in model.siblings or []]

    def _cached_files(self, repo: str, error: Exception) -> list[str]:
        """Return what an earlier download left, else raise `error`."""
        try:
            folder = Path(snapshot_download(repo, cache_dir=self._cache_dir, local_files_only=True))
        except LocalEntryNotFoundError:
            raise error from None
        return [path.relative_to(folder).as_posix() for path in folder.rglob("*.gguf")]

    def _download(self, repo: str, file: str, progress: Progress) -> Path:
        return Path(
            hf_hub_download(
                repo,
                file,
                cache_dir=self._cache_dir,
                token=self._token,
                endpoint=self._endpoint,
                local_files_only=self._is_offline,
                tqdm_class=_bar(file, progress),
            )
        )


def _bar(file: str, progress: Progress) -> type[tqdm]:
    """Return a progress bar class for the library that draws nothing and tells `progress` instead."""

    class Bar(tqdm):
        def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - whatever the library passes
            super().__init__(*args, **{**kwargs, "disable": True})  # type: ignore[no-untyped-call]

        def update(self, n: float | None = 1) -> None:
            self.n += n or 0  # a disabled bar does not count
            if self.total:
                progress(file, min(self.n / self.total, 1.0))

    return Bar


def _reason(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
