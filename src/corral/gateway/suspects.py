"""Requests that ran when their model's engine broke down: who was there twice does not run again."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from typing import TYPE_CHECKING

import msgspec

from corral.core.errors import InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from corral.core.request import GenerationRequest

N_CRASHES = 2
N_KEPT = 1024  # requests; the oldest are forgotten

_REFUSAL = (
    "This request was running both times that the model's engine broke down, and is not tried again; "
    "change it, or have the model loaded through /models/load"
)
_encode = msgspec.msgpack.Encoder().encode


class Suspects:
    """Counts crashes by what was asked, not by who asked or when. Owned by the model's history."""

    def __init__(self) -> None:
        self._n_crashes: OrderedDict[bytes, int] = OrderedDict()

    def crashed(self, running: Iterable[GenerationRequest]) -> None:
        """Note that the engine broke down while these ran."""
        for fingerprint in {_fingerprint(request) for request in running}:
            self._n_crashes[fingerprint] = self._n_crashes.pop(fingerprint, 0) + 1
        while len(self._n_crashes) > N_KEPT:
            self._n_crashes.popitem(last=False)

    def forget(self) -> None:
        """Let everything be tried again."""
        self._n_crashes.clear()

    def check(self, request: GenerationRequest) -> None:
        """Raise InvalidRequestError if `request` was there too often. Costs nothing where none ever was."""
        if self._n_crashes and self._n_crashes.get(_fingerprint(request), 0) >= N_CRASHES:
            raise InvalidRequestError(_REFUSAL)


def _fingerprint(request: GenerationRequest) -> bytes:
    """Return a digest of all that is asked, without the name of the request."""
    return hashlib.sha256(_encode(msgspec.structs.replace(request, request_id=""))).digest()
