"""Models from Hugging Face repositories, through the huggingface_hub library and its cache.

The library knows where the hub is, follows HF_ENDPOINT and HF_HUB_OFFLINE, lays out the cache and finds the
user's own token when none is given. The token goes to the hub only, never into a log or an error.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
from huggingface_hub import HfApi, constants, get_token, snapshot_download, try_to_load_from_cache

# HTTPError: the library has changed its HTTP client between versions; this name always is the current one's.
from huggingface_hub.errors import HTTPError, LocalEntryNotFoundError  # type: ignore[attr-defined]

from corral.catalog.hub_errors import reason
from corral.catalog.hub_file import HubAccess, HubFile
from corral.catalog.parallel import each
from corral.catalog.parts import all_parts
from corral.catalog.progress import Progress, silent
from corral.catalog.projector import choose_projector
from corral.catalog.quant import choose
from corral.catalog.room import check_room
from corral.core import log
from corral.core.errors import ModelLoadError

_TIMEOUT_S = 10.0
_OFFLINE = "it is not on this machine, and --offline forbids to download it; start once without --offline"
# Of the library, of our own client, and of arguments or answers that are not what a hub takes or gives.
_ERRORS = (HTTPError, httpx.HTTPError, OSError, ValueError)

_log = log.get("catalog")


@dataclass(frozen=True)
class _Listing:
    """The names of a repository's files. `is_cached`: only those that are here, as the hub gave no answer."""

    files: list[str]
    is_cached: bool = False


class Hub:
    """The hub as one user sees it. `endpoint` and `cache_dir` None: the library's own.

    `is_offline`: only what is in its cache. `pause` waits between attempts (seconds). Raises ModelLoadError
    for what cannot be a token.
    """

    def __init__(
        self,
        token: str | None = None,
        *,
        endpoint: str | None = None,
        cache_dir: Path | None = None,
        is_offline: bool = False,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        if token and not (token.isascii() and token.isprintable() and " " not in token):
            raise ModelLoadError("the token of --hf-token has characters that no token has")
        self._access = HubAccess(Path(cache_dir or constants.HF_HUB_CACHE), token, endpoint)
        self._is_offline = is_offline
        self._pause = pause
        self._listings: dict[str, _Listing] = {}

    def fetch(self, repo: str, file: str | None = None, *, progress: Progress = silent) -> Path:
        """Return the local file of `owner/name[:QUANT]`, downloaded if need be; `file` None: chosen by QUANT.

        Raises:
            ModelLoadError: no such repository or file, no permission, no connection, no room, or a file that
                arrived damaged.
        """
        name, _, quant = repo.partition(":")
        with self._explained(repo):
            if file:
                return self._get(name, all_parts(file), progress)
            listing = self._listing(name)
            parts = all_parts(_chosen(repo, listing, quant))
            return self._cached(name, parts) if listing.is_cached else self._get(name, parts, progress)

    def projector(self, repo: str, *, progress: Progress = silent) -> Path | None:
        """Return the local file of the projector in `owner/name[:QUANT]`, None if there is none.

        Raises:
            ModelLoadError: it is there and cannot be had.
        """
        name, _, _ = repo.partition(":")
        try:
            listing = self._listing(name)
        except _ERRORS as error:
            _log.warning("projector.unknown", repo=repo, reason=self._reason(error))
            return None
        file = choose_projector(listing.files)
        return self.fetch(name, file, progress=progress) if file else None

    def _get(self, repo: str, names: list[str], progress: Progress) -> Path:
        """Return the first of these files, once all are here."""
        if self._is_offline:
            return self._cached(repo, names)
        try:
            files = [HubFile(self._access, repo, name) for name in names]
        except (HTTPError, OSError):
            with contextlib.suppress(LocalEntryNotFoundError):
                return self._cached(repo, names)
            raise
        missing = [file for file in files if file.n_missing]
        check_room(files[0].folder, sum(file.n_missing for file in missing), repo)
        for file in missing:
            file.tell(progress)
        each(lambda file: file.bring(progress, self._pause), files)
        first, *_ = [file.linked(progress) for file in files]
        return first

    def _cached(self, repo: str, names: list[str]) -> Path:
        """Return the first of these files. Raises LocalEntryNotFoundError unless all are here."""
        found = [try_to_load_from_cache(repo, name, cache_dir=self._access.cache_dir) for name in names]
        if not all(isinstance(path, str) for path in found):
            raise LocalEntryNotFoundError(_OFFLINE)
        return Path(str(found[0]))

    def _listing(self, repo: str) -> _Listing:
        """Return what the hub has, else what the cache has. Asked once: a dead hub takes long."""
        if repo not in self._listings:
            self._listings[repo] = self._asked(repo)
        return self._listings[repo]

    def _asked(self, repo: str) -> _Listing:
        if self._is_offline:
            return self._kept(repo, LocalEntryNotFoundError(_OFFLINE))
        try:
            return _Listing(self._names(repo))
        except _ERRORS as error:
            return self._kept(repo, error)

    def _names(self, repo: str) -> list[str]:
        api = HfApi(endpoint=self._access.endpoint, token=self._access.token)
        try:
            # Not `list_repo_files`: without a connection it tries for half a minute.
            model = api.model_info(repo, timeout=_TIMEOUT_S)
        except (KeyError, TypeError) as error:
            raise ValueError("the server does not answer as a hub does") from error
        return [file.rfilename for file in model.siblings or []]

    def _kept(self, repo: str, error: Exception) -> _Listing:
        """Return what an earlier download left, else raise `error`."""
        try:
            kept = snapshot_download(repo, cache_dir=self._access.cache_dir, local_files_only=True)
        except (LocalEntryNotFoundError, ValueError):
            raise error from None
        files = Path(kept).rglob("*.gguf")
        return _Listing([path.relative_to(kept).as_posix() for path in files], is_cached=True)

    @contextlib.contextmanager
    def _explained(self, repo: str) -> Iterator[None]:
        try:
            yield
        except _ERRORS as error:
            raise ModelLoadError(f"cannot get {repo}: {self._reason(error)}", repo=repo) from error

    def _reason(self, error: Exception) -> str:
        return reason(error, has_token=bool(self._access.token or get_token()))


def _chosen(repo: str, listing: _Listing, quant: str) -> str:
    try:
        return choose(listing.files, quant or None)
    except ModelLoadError as error:
        raise ModelLoadError(f"cannot get {repo}: {error.message}", repo=repo) from None
