"""Files from an address: resumed where they broke off, renamed when whole, fetched anew when they changed."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from corral.catalog.progress import Progress, silent
from corral.catalog.receipt import (
    Receipt,
    masked,
    read_receipt,
    receipt_of,
    receipt_path,
    write_receipt,
)
from corral.core import log
from corral.core.errors import ModelLoadError

_N_ATTEMPTS = 3
_TIMEOUT_S = 30.0
# A compressed answer would break both the ranges and the lengths that resuming relies on.
_HEADERS = {"Accept-Encoding": "identity"}

_log = log.get("catalog")


@dataclass(frozen=True)
class Remote:
    """A file elsewhere. `headers` go to the server of `url` only; `sha256` is checked on what arrives."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    sha256: str | None = None


def download(
    url: str,
    target: Path,
    *,
    progress: Progress = silent,
    is_offline: bool = False,
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Make `target` the file that `url` names; an up-to-date file is left alone.

    Without an answer from the server, and with `is_offline` without asking it, a file that is there is used
    as it is.

    Raises:
        ModelLoadError: the server refuses, three attempts broke off, or `target` came from elsewhere.
    """
    if is_offline:
        check_here(target)
    else:
        fetch(Remote(url), target, progress=progress, pause=pause)


def fetch(
    remote: Remote, target: Path, *, progress: Progress = silent, pause: Callable[[float], None] = time.sleep
) -> None:
    """Do the same for a file that is known better. Raises ModelLoadError, also for another `sha256`."""
    url = remote.url
    try:
        _check_origin(url, target)
        target.parent.mkdir(parents=True, exist_ok=True)
        headers = {**_HEADERS, **remote.headers}
        with httpx.Client(headers=headers, timeout=_TIMEOUT_S, follow_redirects=True) as client:
            _Download(client, remote, target, progress).run(pause)
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise ModelLoadError(f"cannot download {_shown(url)}: {_reason(error)}", url=_shown(url)) from error


def check_here(target: Path) -> None:
    """Raise ModelLoadError unless the file is on this machine."""
    if not target.is_file():
        raise ModelLoadError(
            f"{target} is not on this machine, and --offline forbids to download it; start once without "
            "--offline",
            path=str(target),
        )


class _Download:
    """One file on its way from `remote` to `target`."""

    def __init__(self, client: httpx.Client, remote: Remote, target: Path, progress: Progress) -> None:
        self._client = client
        self._sha256 = remote.sha256
        self._url = remote.url
        self._target = target
        self._partial = target.with_name(f"{target.name}.downloadInProgress")
        self._progress = progress

    def run(self, pause: Callable[[float], None]) -> None:
        """Try until it is done, with a growing pause (seconds) after each attempt that broke off."""
        for attempt in range(1, _N_ATTEMPTS + 1):
            try:
                self._try_once()
            except httpx.TransportError as error:
                if attempt == _N_ATTEMPTS:
                    self._make_do(error)
                else:
                    pause(2.0 * attempt)
            else:
                return

    def _try_once(self) -> None:
        head = self._client.head(self._url)
        head.raise_for_status()
        remote = receipt_of(head, self._url)
        if self._is_current(remote):
            return
        self._fill(remote, n_total=int(head.headers.get("Content-Length", 0)))
        self._check_content()
        self._partial.replace(self._target)
        receipt_path(self._partial).replace(receipt_path(self._target))

    def _check_content(self) -> None:
        """Refuse, and let go of, a file that is not what was announced."""
        if self._sha256 is None:
            return
        with self._partial.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != self._sha256:
            self._partial.unlink()
            raise ModelLoadError(
                f"{masked(self._url)} arrived damaged: its sha256 is {found}, not {self._sha256}; try again"
            )

    def _make_do(self, error: httpx.TransportError) -> None:
        if not self._target.is_file():
            raise error
        _log.warning("download.skipped", file=self._target.name, reason=_reason(error))

    def _is_current(self, remote: Receipt) -> bool:
        known = read_receipt(self._target)
        return self._target.is_file() and (known is None or not known.is_older_than(remote))

    def _fill(self, remote: Receipt, *, n_total: int) -> None:
        n_here = self._n_resumable(remote)
        if n_here and n_here == n_total:
            return
        write_receipt(self._partial, remote)
        headers = {"Range": f"bytes={n_here}-", "If-Range": remote.etag} if n_here else {}
        with self._client.stream("GET", self._url, headers=headers) as response:
            response.raise_for_status()
            is_rest = response.status_code == httpx.codes.PARTIAL_CONTENT
            self._append(response, n_here if is_rest else 0, n_total)

    def _n_resumable(self, remote: Receipt) -> int:
        # Only an ETag proves that the bytes that are here begin the file that is there.
        is_same = bool(remote.etag) and read_receipt(self._partial) == remote
        return self._partial.stat().st_size if is_same and self._partial.is_file() else 0

    def _append(self, response: httpx.Response, n_here: int, n_total: int) -> None:
        with self._partial.open("ab" if n_here else "wb") as file:
            # No chunk size: httpx would hold back what it has not filled, and lose it when the line breaks.
            for chunk in response.iter_bytes():
                file.write(chunk)
                n_here += len(chunk)
                if n_total:
                    self._progress(self._target.name, min(n_here / n_total, 1.0))


def _check_origin(url: str, target: Path) -> None:
    known = read_receipt(target)
    if target.is_file() and known is not None and known.url != masked(url):
        raise ModelLoadError(
            f"{target} was downloaded from {known.url}; remove it or name another file with -m",
            path=str(target),
        )


def _shown(url: str) -> str:
    try:
        return masked(url)
    except httpx.InvalidURL:
        return "this address"


def _reason(error: Exception) -> str:
    if isinstance(error, httpx.HTTPStatusError):
        return f"the server answered {error.response.status_code} {error.response.reason_phrase}"
    return str(error) or type(error).__name__
