"""A thread for requests that take long to make ready, so that the reader goes on reading meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

from corral.core.messages import (
    AnyCall,
    Count,
    Detokenize,
    Embed,
    Rank,
    Score,
    SetLoras,
    SetSystemPrompt,
    Submit,
    Tokenize,
)
from corral.core.request import Media, Piece

Act = Callable[[], None]

# Characters or ids beyond which tokenizing takes longer than others should wait: some tens of milliseconds.
LONG = 100_000
MANY_BIASES = 5_000  # each may be a text


class SlowLane:
    """Makes requests ready one by one, in order. Called by the reader thread.

    What concerns a request that is still here waits behind it: a cancellation must not overtake it. A request
    that is cancelled before its turn is dropped: it may cost seconds that others wait for.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "slow-lane")
        self._here: set[str] = set()
        self._unwanted: set[str] = set()

    def put(self, request_id: str, act: Act, drop: Act) -> None:
        """Let `act` make the request ready and hand it on; if it is cancelled before, do `drop` instead."""
        self._here.add(request_id)
        self._thread.submit(self._run, request_id, act, drop)

    def cancel(self, request_id: str, act: Act) -> None:
        """Do `act`, which cancels the request, once it has been handed on: now, unless it is here."""
        if request_id in self._here:
            self._unwanted.add(request_id)
            self._thread.submit(self._cancel, request_id, act)
        else:
            act()

    def behind_all(self, act: Act) -> None:
        """Do `act` once nothing is here."""
        if self._here:
            self._thread.submit(act)
        else:
            act()

    def _run(self, request_id: str, act: Act, drop: Act) -> None:
        try:
            (drop if request_id in self._unwanted else act)()
        finally:
            self._here.discard(request_id)

    def _cancel(self, request_id: str, act: Act) -> None:
        self._unwanted.discard(request_id)
        act()


def is_slow(command: Submit | AnyCall) -> bool:
    """Whether there is a grammar to compile, an image to read, or text that takes long to tokenize.

    What stands for all requests is always changed here, so that only one thread does.
    """
    match command:
        case Embed() | Rank() | SetLoras() | SetSystemPrompt():  # the first two may have thousands of texts
            return True
        case Submit(request):
            has_media = any(isinstance(piece, Media) for piece in request.prompt)
            has_much_bias = len(request.sampling.logit_bias) > MANY_BIASES
            return request.structure is not None or has_media or has_much_bias or _length(command) > LONG
        case _:
            return _length(command) > LONG


def _length(command: Submit | AnyCall) -> int:
    """Return how many characters and ids there are to be read."""
    match command:
        case Submit(request):
            return _joined([*request.prompt, *(request.guidance.negative if request.guidance else ())])
        case Tokenize():
            return _joined(command.pieces)
        case Detokenize():
            return len(command.tokens)
        case Count():
            return _joined(command.texts)
        case Score():
            return _joined([*command.prompt, *command.question, *command.continuations])
    return 0


def _joined(pieces: Iterable[Piece]) -> int:
    return sum(len(piece) for piece in pieces if not isinstance(piece, Media))
