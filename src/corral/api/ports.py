"""What the dialects need of the gateway. `gateway.router.Router` is the real one, tests bring a fake."""

from __future__ import annotations

from types import TracebackType
from typing import Protocol, Self

from corral.core.messages import ModelFacts, Tokenized
from corral.core.outcome import SequenceOutput, SequenceStart
from corral.core.request import GenerationRequest, TextPiece
from corral.gateway.metrics import MetricsSnapshot
from corral.gateway.slots import SlotView


class GenerationPort(Protocol):
    """One request's answer. Entering submits it, leaving before the end cancels it.

    Entering and iterating raise CorralError.
    """

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def __aiter__(self) -> Self: ...

    async def __anext__(self) -> SequenceStart | SequenceOutput: ...


class RouterPort(Protocol):
    """The door to the engines."""

    @property
    def name(self) -> str:
        """The model's alias, else its path as given."""
        ...

    def facts(self) -> ModelFacts:
        """Return what is known of the model. Raises ModelLoadingError or UnavailableError."""
        ...

    def generate(self, request: GenerationRequest) -> GenerationPort:
        """Return the answer of `request`, not yet entered."""
        ...

    async def tokenize(self, pieces: list[TextPiece], *, add_special: bool, parse_special: bool) -> Tokenized:
        """Return the ids of text and id pieces, and the bytes of each."""
        ...

    async def detokenize(self, tokens: list[int]) -> bytes:
        """Return the bytes of `tokens`, joined."""
        ...

    def slots(self) -> list[SlotView]:
        """Return what every slot does, at once."""
        ...

    def metrics(self) -> MetricsSnapshot:
        """Return the counters, and start the next averages from here."""
        ...
