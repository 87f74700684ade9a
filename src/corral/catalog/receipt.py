"""What `FILE.json` beside a download remembers, in llama.cpp's format: each knows the other's downloads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    import httpx


class Receipt(msgspec.Struct, frozen=True, rename="camel"):
    """Which address a file came from and which version it was. The address has no user and no password."""

    url: str
    etag: str = ""
    last_modified: str = ""

    def is_older_than(self, remote: Receipt) -> bool:
        """Return whether the server has another version now; what was never known says nothing."""
        return any(
            ours not in ("", theirs)
            for ours, theirs in ((self.etag, remote.etag), (self.last_modified, remote.last_modified))
        )


def receipt_of(response: httpx.Response, url: str) -> Receipt:
    """Return the receipt for what `response` delivers or describes."""
    return Receipt(masked(url), response.headers.get("ETag", ""), response.headers.get("Last-Modified", ""))


def masked(url: str) -> str:
    """Return the address without user and password. Raises `httpx.InvalidURL`."""
    import httpx  # noqa: PLC0415 - needed for downloads only, and this module wherever files are listed

    return str(httpx.URL(url).copy_with(userinfo=b""))


def read_receipt(file: Path) -> Receipt | None:
    """Return the receipt beside `file`; None if there is none that can be read."""
    try:
        return msgspec.json.decode(receipt_path(file).read_bytes(), type=Receipt)
    except (OSError, msgspec.DecodeError):
        return None


def write_receipt(file: Path, receipt: Receipt) -> None:
    """Put the receipt beside `file`."""
    receipt_path(file).write_bytes(msgspec.json.format(msgspec.json.encode(receipt)))


def receipt_path(file: Path) -> Path:
    """Return where the receipt of `file` is."""
    return file.with_name(f"{file.name}.json")
