"""A thread for requests that take long to make ready, so that the reader goes on reading meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

from corral.core.messages import Detokenize, Submit, Tokenize
from corral.core.request import Media, Piece

Act = Callable[[], None]

# Characters or ids beyond which tokenizing takes longer than others should wait: some tens of milliseconds.
LONG = 100_000


class SlowLane:
    """Makes requests ready one by one, in order. Called by the reader thread.

    What concerns a request that is still here waits behind it: a cancellation must not overtake it.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "slow-lane")
        self._here: set[str] = set()

    def put(self, request_id: str, act: Act) -> None:
        """Let `act` make the request ready and hand it on."""
        self._here.add(request_id)
        self._thread.submit(self._run, request_id, act)

    def behind(self, request_id: str, act: Act) -> None:
        """Do `act` once the request has been handed on: now, unless it is here."""
        if request_id in self._here:
            self._thread.submit(act)
        else:
            act()

    def behind_all(self, act: Act) -> None:
        """Do `act` once nothing is here."""
        if self._here:
            self._thread.submit(act)
        else:
            act()

    def _run(self, request_id: str, act: Act) -> None:
        try:
            act()
        finally:
            self._here.discard(request_id)


def is_slow(command: Submit | Tokenize | Detokenize) -> bool:
    """Whether there is a grammar to compile, an image to read, or text that takes long to tokenize."""
    match command:
        case Tokenize():
            return _is_long(command.pieces)
        case Detokenize():
            return len(command.tokens) > LONG
        case Submit(request):
            has_media = any(isinstance(piece, Media) for piece in request.prompt)
            return request.structure is not None or has_media or _is_long(request.prompt)


def _is_long(pieces: Iterable[Piece]) -> bool:
    return sum(len(piece) for piece in pieces if not isinstance(piece, Media)) > LONG
