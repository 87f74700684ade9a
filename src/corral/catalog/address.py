"""What the address of a download says."""

from __future__ import annotations


def file_name(url: str) -> str:
    """Return the last part of the address's path, empty if it ends in a slash."""
    return url.partition("#")[0].partition("?")[0].rpartition("/")[2]
