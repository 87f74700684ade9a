"""The file of a slot: llama.cpp's own format, and behind it a seal that tells ours from any other.

    magic u32, version u32, n_tokens u32, the tokens i32, the state     llama.cpp, `llama_state_seq_save_file`
    msgpack of `_Seal`, its length u32, SEAL_MAGIC                      ours, which llama.cpp ignores

A sealed file is taken when its checksum and the fingerprint of model, adapters and memory agree. One
without a seal comes from llama.cpp itself and is taken when every byte of it is accounted for.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import secrets
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from corral.core.errors import InvalidRequestError
from corral.engine.kv_state import is_plain_state
from corral.engine.loras import Loras
from corral.engine.ports import State
from corral.engine.radix import Tokens

MAGIC = 0x67677371  # LLAMA_STATE_SEQ_MAGIC, llama.h
VERSION = 3  # LLAMA_STATE_SEQ_VERSION, llama.h
SEAL_MAGIC = b"CorralKV"
NOT_TAKEN = "Unable to restore slot, no available space in KV cache or invalid slot save file"

_WORD = 4
_HEAD_BYTES = 3 * _WORD
_TAIL_BYTES = _WORD + len(SEAL_MAGIC)
_MAX_SEAL_BYTES = 1024 * 1024
_N_PACKING = 4
_PACKING_VERSION = 1
_MODE = 0o600  # a slot holds what people wrote

Octets = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class SlotContent:
    """What a slot held: the KV of `tokens`, computed with the adapters `loras`."""

    tokens: Tokens
    state: State
    loras: Loras = ()


@dataclass(frozen=True, slots=True)
class Taker:
    """What a file must fit: the model's fingerprint, the size of its vocabulary, the tokens a slot takes."""

    fingerprint: str
    n_vocab: int
    n_ctx: int


class _Seal(msgspec.Struct, frozen=True):
    fingerprint: str
    loras: Loras
    checksum: bytes


def beside(mark: str) -> str:
    """Return the name under which a file is written until it is whole."""
    return f".corral-{mark}.tmp"


def write(path: str, content: SlotContent, fingerprint: str) -> int:
    """Write the file in one stroke: it is there whole, or as it was. Return its bytes. Raises `OSError`.

    Until then it lies beside, locked as long as this process is there.
    """
    parts = _parts(content, fingerprint)
    half = Path(path).parent / beside(secrets.token_hex(8))
    try:
        with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE), "wb") as file:
            with contextlib.suppress(OSError):  # not every file system can
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for part in parts:
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
            half.replace(path)
    except BaseException:
        half.unlink(missing_ok=True)
        raise
    return sum(len(part) for part in parts)


def read(path: str, taker: Taker, *, is_seal_needed: bool = False) -> SlotContent:
    """Return what the file holds. Raises `InvalidRequestError` unless `taker` can do with all of it.

    Raises `OSError` and `MemoryError` where it cannot be read: that tells nothing of what it holds.
    With `is_seal_needed` a file of llama.cpp itself is not taken.
    """
    octets = _octets(path)
    content = None if is_seal_needed and _seal(octets)[0] is None else _content(octets, taker)
    if content is None or len(content.tokens) > taker.n_ctx:
        raise InvalidRequestError(NOT_TAKEN)
    return content


def read_tokens(path: str) -> Tokens | None:
    """Return the tokens that the file begins with, None where it is no such file. The state is not read."""
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            head = np.frombuffer(file.read(_HEAD_BYTES), "<u4")
            if len(head) < _HEAD_BYTES // _WORD or tuple(head[:2].tolist()) != (MAGIC, VERSION):
                return None
            n_bytes = int(head[2]) * _WORD
            if n_bytes > os.fstat(file.fileno()).st_size:
                return None
            return np.frombuffer(file.read(n_bytes), "<i4").astype(np.int32)
    except (OSError, ValueError):
        return None


def n_bytes(path: str) -> int:
    """Return the size of the file."""
    return Path(path).stat().st_size


def _parts(content: SlotContent, fingerprint: str) -> list[bytes | memoryview]:
    """Return the bytes of a file. The state, which may be gigabytes, is not copied."""
    head = np.array([MAGIC, VERSION, len(content.tokens)], "<u4").tobytes()
    parts: list[bytes | memoryview] = [head + content.tokens.astype("<i4").tobytes()]
    parts.append(np.ascontiguousarray(content.state).data)
    checksum = _checksum(parts, fingerprint, content.loras)
    seal = msgspec.msgpack.encode(_Seal(fingerprint, content.loras, checksum))
    return [*parts, seal + len(seal).to_bytes(_WORD, "little") + SEAL_MAGIC]


def _checksum(parts: Iterable[bytes | memoryview], fingerprint: str, loras: Loras) -> bytes:
    digest = hashlib.blake2b()
    for part in (*parts, msgspec.msgpack.encode((fingerprint, loras))):
        digest.update(part)
    return digest.digest()


def _octets(path: str) -> Octets:
    """Return the file's bytes. No link is followed, and nothing but a plain file is opened for long."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "it is no plain file", path)
        return np.fromfile(file, np.uint8)


def _content(octets: Octets, taker: Taker) -> SlotContent | None:
    seal, end = _seal(octets)
    if seal is not None and not _is_ours(seal, octets[:end], taker):
        return None
    found = _split(octets[:end])
    if found is None:
        return None
    tokens, state = found
    if seal is not None:
        return SlotContent(tokens, state, seal.loras)
    tokens = _unpacked(tokens)
    return SlotContent(tokens, state) if _is_sound(tokens, state, taker) else None


def _seal(octets: Octets) -> tuple[_Seal | None, int]:
    """Return the seal and where it begins; without one, the end of the file."""
    end = len(octets) - _TAIL_BYTES
    if end < 0 or octets[end + _WORD :].tobytes() != SEAL_MAGIC:
        return None, len(octets)
    start = end - int.from_bytes(octets[end : end + _WORD].tobytes(), "little")
    if not max(0, end - _MAX_SEAL_BYTES) <= start:
        return None, len(octets)
    try:
        return msgspec.msgpack.decode(octets[start:end].tobytes(), type=_Seal), start
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None, len(octets)


def _is_ours(seal: _Seal, sealed: Octets, taker: Taker) -> bool:
    checksum = _checksum([sealed.data], seal.fingerprint, seal.loras)
    return seal.fingerprint == taker.fingerprint and seal.checksum == checksum


def _split(octets: Octets) -> tuple[Tokens, State] | None:
    if len(octets) < _HEAD_BYTES:
        return None
    magic, version, n_tokens = (int(word) for word in octets[:_HEAD_BYTES].view("<u4"))
    start = _HEAD_BYTES + n_tokens * _WORD
    if (magic, version) != (MAGIC, VERSION) or start > len(octets):
        return None
    return octets[_HEAD_BYTES:start].view("<i4").astype(np.int32), octets[start:]


def _unpacked(words: Tokens) -> Tokens:
    """Return the tokens; llama-server of 2026 writes -1, a version, their number, they, and 0 for no images.

    Source: llama.cpp, tools/server/server-common.cpp, `server_tokens::serialize`.
    """
    n_tokens = len(words) - _N_PACKING
    if n_tokens < 0 or words[:3].tolist() != [-1, _PACKING_VERSION, n_tokens] or words[-1]:
        return words
    return words[3:-1]


def _is_sound(tokens: Tokens, state: State, taker: Taker) -> bool:
    is_known = not len(tokens) or 0 <= tokens.min() <= tokens.max() < taker.n_vocab
    return bool(is_known) and is_plain_state(state, len(tokens))
