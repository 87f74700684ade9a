"""Which names the files of slots may have: one rule for every system, whatever its own may be. Pure.

The rule is llama.cpp's (`fs_validate_filename`, common/common.cpp): nothing that leaves the folder, looks as
if it did, or cannot be a file's name somewhere.
"""

from __future__ import annotations

from corral.core.errors import InvalidRequestError

MAX_BYTES = 255
_FORBIDDEN = frozenset('/\\:*?"<>|')
# Full stop and slashes in disguise, what stands for broken text, and the mark of byte order.
_DISGUISES = frozenset("\uff0e\u2215\u2216\ufffd\ufeff")
_CONTROLS = frozenset(map(chr, (*range(0x20), *range(0x7F, 0xA0))))


def slot_file_name(name: str | None) -> str:
    """Return `name` if a file may be called so. Raises InvalidRequestError."""
    if name is None or not _is_fit(name):
        raise InvalidRequestError("Invalid filename")
    return name


def _is_fit(name: str) -> bool:
    try:
        n_bytes = len(name.encode())
    except UnicodeEncodeError:  # half of a surrogate pair
        return False
    if not 0 < n_bytes <= MAX_BYTES or _FORBIDDEN.union(_DISGUISES, _CONTROLS).intersection(name):
        return False
    return name.strip(" ") == name and not name.endswith(".") and ".." not in name
