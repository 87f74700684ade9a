"""What the dialects need of the gateway. `gateway.router.Router` is the real one, tests bring a fake."""

from __future__ import annotations

from types import TracebackType
from typing import Protocol, Self

from corral.core.messages import Embedded, ModelFacts, Ranked, SlotMoved, Tokenized
from corral.core.outcome import PromptProgress, SequenceOutput, SequenceStart
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

    async def __anext__(self) -> SequenceStart | PromptProgress | SequenceOutput: ...


class StatePort(Protocol):
    """What an engine keeps between requests. All raise CorralError; those on a slot wait until it is idle."""

    async def save_slot(self, slot: int, path: str) -> SlotMoved:
        """Write what a slot holds to a file."""
        ...

    async def restore_slot(self, slot: int, path: str, caller: str) -> SlotMoved:
        """Read such a file into a slot, for `caller`."""
        ...

    async def erase_slot(self, slot: int) -> SlotMoved:
        """Forget what a slot holds."""
        ...

    async def set_loras(self, scales: list[tuple[int, float]]) -> None:
        """Give every adapter its scale, by id; those not named get 0."""
        ...

    async def set_system_prompt(self, text: str) -> None:
        """Put `text` before every prompt."""
        ...


class RouterPort(Protocol):
    """The door to the engines."""

    @property
    def state(self) -> StatePort:
        """What the engine keeps between requests."""
        ...

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

    async def embed(self, inputs: list[list[TextPiece]]) -> Embedded:
        """Return the vectors of each input, not normalised. Raises CorralError."""
        ...

    async def rank(self, query: str, documents: list[str]) -> Ranked:
        """Return the score of each document. Raises CorralError."""
        ...

    def slots(self) -> list[SlotView]:
        """Return what every slot does, at once."""
        ...

    def metrics(self) -> MetricsSnapshot:
        """Return the counters, and start the next averages from here."""
        ...
