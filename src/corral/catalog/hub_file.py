"""One file of a Hugging Face repository, on its way into the huggingface_hub library's cache.

The library does not go on with what an earlier process began, and fetches some bytes twice after a cut. So
the bytes come by plain HTTP to where it looks for them (`blobs/<etag>`), under its own lock; then it links
them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from huggingface_hub import (
    constants,
    get_hf_file_metadata,
    hf_hub_download,
    hf_hub_url,
    try_to_load_from_cache,
)
from huggingface_hub.file_download import repo_folder_name
from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]
from huggingface_hub.utils.tqdm import tqdm

from corral.catalog.progress import Arrival, Progress
from corral.catalog.stream import HEADERS, TIMEOUT, append_rest, check_sha256, keep_trying, size_of
from corral.catalog.turn import turn
from corral.core.errors import ModelLoadError

_ASK_TIMEOUT_S = 10.0
_SHA256 = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,127}", re.ASCII)


@dataclass(frozen=True)
class HubAccess:
    """Which hub, whose rights, and which cache. `endpoint` None: the library's own."""

    cache_dir: Path
    token: str | None = None
    endpoint: str | None = None


@dataclass(frozen=True)
class _Version:
    """What the hub says of a file now. `etag` is its sha256 if it is a large one (LFS)."""

    commit: str
    etag: str
    n_bytes: int | None
    is_xet: bool


class HubFile:
    """The file `name` of the repository `repo`, as the hub has it when this object is made.

    Raises what the library does: its HTTPError, OSError and ValueError.
    """

    def __init__(self, access: HubAccess, repo: str, name: str) -> None:
        self._access = access
        self._repo = repo
        self.name = name
        self._version = _ask(access, hf_hub_url(repo, name, endpoint=access.endpoint))
        folder = repo_folder_name(repo_id=repo, repo_type="model")
        self._blob = access.cache_dir / folder / "blobs" / self._version.etag
        self._lock = access.cache_dir / ".locks" / folder / f"{self._version.etag}.lock"
        # The name that the library's own tools know as a download that was broken off.
        self._partial = self._blob.with_name(f"{self._blob.name}.incomplete")

    @property
    def folder(self) -> Path:
        """Where its bytes go."""
        return self._blob.parent

    @property
    def n_missing(self) -> int:
        """How many bytes have to come; 0 if the hub does not say."""
        if self._blob.is_file():
            return 0
        return max((self._version.n_bytes or 0) - size_of(self._partial), 0)

    def tell(self, progress: Progress, *, is_waiting: bool = False) -> None:
        """Say how much of it is here."""
        here = self._blob if self._blob.is_file() else self._partial
        progress(Arrival(self.name, size_of(here), self._version.n_bytes, is_waiting))

    def bring(self, progress: Progress, pause: Callable[[float], None]) -> None:
        """Download it, unless it is here; one thread of all processes at a time.

        Raises:
            ModelLoadError: it arrived damaged.
        """
        if self._blob.is_file() or self._is_for_library:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        with turn(self._lock, lambda: self.tell(progress, is_waiting=True)):
            if not self._blob.is_file():
                self._bring(progress, pause)

    def linked(self, progress: Progress) -> Path:
        """Return its path under its own name, which appears now if it is new."""
        path = try_to_load_from_cache(
            self._repo, self.name, cache_dir=self._access.cache_dir, revision=self._version.commit
        )
        if isinstance(path, str):
            return Path(path)
        return Path(
            hf_hub_download(
                self._repo,
                self.name,
                cache_dir=self._access.cache_dir,
                token=self._access.token,
                endpoint=self._access.endpoint,
                tqdm_class=_bar(self.name, progress),
            )
        )

    @property
    def _is_for_library(self) -> bool:
        # The hub gives files above this size by its chunk protocol only, which the library speaks.
        size = self._version.n_bytes or 0
        return self._version.is_xet and size > constants.MAX_HTTP_DOWNLOAD_SIZE

    def _bring(self, progress: Progress, pause: Callable[[float], None]) -> None:
        headers = {**build_hf_headers(token=self._access.token), **HEADERS}
        # A redirect to another host loses the token: httpx sends it to the hub's only.
        with httpx.Client(headers=headers, timeout=TIMEOUT, follow_redirects=True) as client:
            keep_trying(lambda: self._try_once(client, progress), lambda: size_of(self._partial), pause)
        self._check()
        self._partial.replace(self._blob)

    def _try_once(self, client: httpx.Client, progress: Progress) -> None:
        self.tell(progress)
        n_here, n_total = size_of(self._partial), self._version.n_bytes
        if n_here and n_here == n_total:
            return
        url = hf_hub_url(self._repo, self.name, revision=self._version.commit, endpoint=self._access.endpoint)
        headers = {"Range": f"bytes={n_here}-"} if n_here else {}
        with client.stream("GET", url, headers=headers) as response:
            response.raise_for_status()
            append_rest(
                response, self._partial, n_here, lambda n_now: progress(Arrival(self.name, n_now, n_total))
            )

    def _check(self) -> None:
        """Refuse, and let go of, what is not the file that the hub announced."""
        n_here, n_total = size_of(self._partial), self._version.n_bytes
        if n_total is not None and n_here != n_total:
            self._partial.unlink()
            raise ModelLoadError(
                f"{self._repo}/{self.name} arrived damaged: it has {n_here} bytes, not {n_total}; try again"
            )
        if _SHA256.fullmatch(self._version.etag):
            check_sha256(self._partial, self._version.etag, f"{self._repo}/{self.name}")


def _ask(access: HubAccess, url: str) -> _Version:
    found = get_hf_file_metadata(
        url, token=access.token, timeout=_ASK_TIMEOUT_S, endpoint=access.endpoint, retry_on_errors=False
    )
    if not found.commit_hash or not found.etag:
        raise OSError("the server does not tell the commit and the ETag of a file, as a hub does")
    if not (_NAME.fullmatch(found.etag) and _NAME.fullmatch(found.commit_hash)):
        raise OSError("the server names commits or files as no hub does")  # they become names of files here
    return _Version(found.commit_hash, found.etag, found.size, found.xet_file_data is not None)


def _bar(file: str, progress: Progress) -> type[tqdm]:
    """Return a progress bar class for the library that draws nothing and tells `progress` instead."""

    class Bar(tqdm):
        def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - whatever the library passes
            super().__init__(*args, **{**kwargs, "disable": True})  # type: ignore[no-untyped-call]

        def update(self, n: float | None = 1) -> None:
            self.n += n or 0  # a disabled bar does not count
            progress(Arrival(file, int(self.n), int(self.total) if self.total else None))

        def update_transfer(self, n: float) -> None:
            """Let pass what the chunk protocol transfers: `update` counts what becomes of it."""

    return Bar
