"""Files from an address: resumed where they broke off, renamed when whole, fetched anew when they changed."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from corral.catalog.progress import Arrival, Progress, silent
from corral.catalog.receipt import (
    Receipt,
    masked,
    read_receipt,
    receipt_of,
    receipt_path,
    write_receipt,
)
from corral.catalog.room import check_room
from corral.catalog.stream import (
    ASK_TIMEOUT,
    HEADERS,
    TIMEOUT,
    append_rest,
    check_sha256,
    keep_trying,
    size_of,
)
from corral.catalog.turn import lock_path, turn
from corral.core import log
from corral.core.errors import ModelLoadError

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
        with _client(remote) as client:
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
        self._partial = partial_path(target)
        self._progress = progress

    def run(self, pause: Callable[[float], None]) -> None:
        """Try until it is done, with a growing pause (seconds) after each attempt that broke off."""
        try:
            keep_trying(self._try_once, lambda: size_of(self._partial), pause)
        except httpx.TransportError as error:
            if not self._target.is_file():
                raise
            _log.warning("download.skipped", file=self._target.name, reason=_reason(error))

    def _try_once(self) -> None:
        head = self._client.head(self._url, timeout=ASK_TIMEOUT)
        head.raise_for_status()
        remote, n_total = receipt_of(head, self._url), _length(head)
        if self._is_current(remote):
            return
        lock = lock_path(self._target)
        with turn(lock, lambda: self._tell(size_of(self._partial), n_total, is_waiting=True)):
            try:
                if not self._is_current(remote):
                    self._bring(remote, n_total)
            finally:
                # While it is held: who waits for this lock notices, and takes a new one.
                with contextlib.suppress(OSError):
                    lock.unlink(missing_ok=True)

    def _bring(self, remote: Receipt, n_total: int | None) -> None:
        n_here = self._n_resumable(remote)
        check_room(self._target.parent, (n_total or 0) - n_here, self._target.name)
        self._tell(n_here, n_total)
        if n_here == 0 or n_here != n_total:
            write_receipt(self._partial, remote)
            self._fill(remote, n_here, n_total)
        if self._sha256 is not None:
            check_sha256(self._partial, self._sha256, masked(self._url))
        self._partial.replace(self._target)
        receipt_path(self._partial).replace(receipt_path(self._target))

    def _fill(self, remote: Receipt, n_here: int, n_total: int | None) -> None:
        headers = {"Range": f"bytes={n_here}-", "If-Range": remote.etag} if n_here else {}
        with self._client.stream("GET", self._url, headers=headers) as response:
            response.raise_for_status()
            append_rest(response, self._partial, n_here, lambda n_now: self._tell(n_now, n_total))

    def _is_current(self, remote: Receipt) -> bool:
        known = read_receipt(self._target)
        return self._target.is_file() and (known is None or not known.is_older_than(remote))

    def _n_resumable(self, remote: Receipt) -> int:
        # Only an ETag proves that the bytes that are here begin the file that is there.
        is_same = bool(remote.etag) and read_receipt(self._partial) == remote
        return size_of(self._partial) if is_same else 0

    def _tell(self, n_bytes: int, n_total: int | None, *, is_waiting: bool = False) -> None:
        self._progress(Arrival(self._target.name, n_bytes, n_total, is_waiting))


def check_room_for_all(files: Iterable[tuple[str, Path]]) -> None:
    """Raise ModelLoadError unless all of these (address, target) fit on the disk together.

    What cannot be asked for is passed over: its download will say why.
    """
    n_missing, target = 0, Path()
    for url, target in files:
        if target.is_file():
            continue
        with contextlib.suppress(httpx.HTTPError, httpx.InvalidURL), _client(Remote(url)) as client:
            head = client.head(url, timeout=ASK_TIMEOUT)
            n_total = _length(head) if head.is_success else None
            n_missing += max((n_total or 0) - size_of(partial_path(target)), 0)
    check_room(target.parent, n_missing, target.name)


def partial_path(target: Path) -> Path:
    """Return where the bytes of `target` are while not all have arrived."""
    return target.with_name(f"{target.name}.downloadInProgress")


def _client(remote: Remote) -> httpx.Client:
    return httpx.Client(headers={**HEADERS, **remote.headers}, timeout=TIMEOUT, follow_redirects=True)


def _length(response: httpx.Response) -> int | None:
    """Return the bytes that it announces."""
    length = response.headers.get("Content-Length", "")
    return int(length) if length.isdecimal() else None


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
