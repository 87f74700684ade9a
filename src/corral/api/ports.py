"""What the dialects need of the gateway: its `Router` and the `Door` of each model; tests bring fakes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Protocol, Self

from corral.catalog.model_files import ListedFile
from corral.core.messages import Embedded, ModelFacts, Ranked, Scored, SlotMoved, Tokenized
from corral.core.model_definition import ModelDefinition
from corral.core.model_view import ModelEvent, ModelView
from corral.core.outcome import PromptProgress, SequenceOutput, SequenceStart
from corral.core.request import GenerationRequest, TextPiece
from corral.gateway.metrics import MetricsSnapshot
from corral.gateway.placement import Decision
from corral.gateway.slots import SlotView
from corral.prompt.persona import Persona


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

    def withdraw(self) -> None:
        """Count nothing of it for its caller's quota: not all of its body was taken on."""
        ...


class StatePort(Protocol):
    """What an engine keeps between requests. All raise CorralError; those on a slot wait until it is idle."""

    async def save_slot(self, slot: int, path: str, caller: str) -> SlotMoved:
        """Write what a slot holds to a file. Refused where it is another's than `caller`'s, "" never."""
        ...

    async def restore_slot(self, slot: int, path: str, caller: str) -> SlotMoved:
        """Read such a file into a slot, for `caller`."""
        ...

    async def erase_slot(self, slot: int, caller: str) -> SlotMoved:
        """Forget what a slot holds. Refused as saving is."""
        ...

    async def set_loras(self, scales: list[tuple[int, float]]) -> None:
        """Give every adapter its scale, by id; those not named get 0."""
        ...

    async def set_system_prompt(self, text: str) -> None:
        """Put `text` before every prompt."""
        ...


class DoorPort(Protocol):
    """The door to the engine of one model."""

    @property
    def state(self) -> StatePort:
        """What the engine keeps between requests."""
        ...

    @property
    def name(self) -> str:
        """The model's alias, else its path as given."""
        ...

    @property
    def worker_id(self) -> int:
        """The id of the process that runs the model now. Raises UnavailableError while there is none."""
        ...

    def facts(self) -> ModelFacts:
        """Return what is known of the model. Raises ModelLoadingError or UnavailableError."""
        ...

    def generate(self, request: GenerationRequest, *, n_checked: int = 1) -> GenerationPort:
        """Return the answer of `request`, not yet entered.

        Its caller's quota must have room for `n_checked` requests; 0: that was asked with another.
        """
        ...

    async def tokenize(self, pieces: list[TextPiece], *, add_special: bool, parse_special: bool) -> Tokenized:
        """Return the ids of text and id pieces, and the bytes of each."""
        ...

    async def detokenize(self, tokens: list[int]) -> bytes:
        """Return the bytes of `tokens`, joined."""
        ...

    async def count(self, texts: list[str], *, has_special: bool) -> list[int]:
        """Return how many tokens each text has, none of them at the beginning of a prompt. One call."""
        ...

    async def score(
        self,
        prompt: list[TextPiece],
        question: list[TextPiece],
        continuations: list[str],
        *,
        caller: str,
        is_bos_wanted: bool = True,
    ) -> Scored:
        """Return how probable each continuation is behind `prompt` and `question`. Raises CorralError.

        `prompt` is taken from the prefix cache and stays there; `question` is forgotten.
        """
        ...

    async def embed(self, inputs: list[list[TextPiece]], *, caller: str) -> Embedded:
        """Return the vectors of each input, not normalised. Raises CorralError."""
        ...

    async def rank(self, query: str, documents: list[str], *, caller: str) -> Ranked:
        """Return the score of each document. Raises CorralError."""
        ...

    def slots(self) -> list[SlotView]:
        """Return what every slot does, at once."""
        ...

    def metrics(self) -> MetricsSnapshot:
        """Return the counters, and start the next averages from here."""
        ...


class CharactersPort(Protocol):
    """The characters of the server's folder, as they were when it was last looked into."""

    async def refresh(self) -> None:
        """Look again if the last look is some seconds old, on a thread; what cannot be read complains.

        To be awaited before `find`, which would not know of a new file else.
        """
        ...

    def find(self, name: str) -> Persona:
        """Return the character of this file name (without its ending), or of this name of its own.

        At once. Raises NotFoundError, which names the characters that there are.
        """
        ...

    def names(self) -> list[str]:
        """Return the names by which characters are found, in order: those of their files. At once."""
        ...

    def complaints(self) -> dict[str, str]:
        """Return what is wrong with which file now, a sentence each; it may still be found as it was."""
        ...


class ModelsPort(Protocol):
    """Every model of the server. All raise CorralError; NotFoundError names the models that there are."""

    @property
    def is_single(self) -> bool:
        """Whether there is one model, which is meant whatever name a request gives."""
        ...

    def check_started(self) -> None:
        """Raise UnavailableError while a server of one model loads it for the first time."""
        ...

    def views(self) -> list[ModelView]:
        """Return what is known of every model, in the order of their names."""
        ...

    def view(self, name: str | None) -> ModelView:
        """Return the same of one; None means the default model."""
        ...

    def definition(self, name: str | None) -> ModelDefinition:
        """Return how the model is declared; None means the default model."""
        ...

    def door(self, name: str | None) -> DoorPort:
        """Return the door of the model, which may not be loaded."""
        ...

    def opened(
        self, name: str | None, *, purpose: str | None = None, keep_alive_s: float | None = None
    ) -> AbstractAsyncContextManager[DoorPort]:
        """Return a lease: entered, the model is loaded; until it is left the model is not unloaded.

        `purpose`: for what the model is wanted, None for what it is declared for. `keep_alive_s`: how long it
        is to stay afterwards, instead of its own ttl; below 0 for ever, 0 not at all. A lease may be entered
        in one task and left in another; who is cancelled while entering has none.
        """
        ...

    def files(self) -> list[ListedFile]:
        """Return the weight files in the models folder, each with the model that it belongs to."""
        ...

    def named(self, model_file: str, folder: str) -> str:
        """Return the name of the model that has this file in this folder, both as `files` tells them.

        Raises NotFoundError, with a line for each file that is missing, for no such model, one that cannot
        be loaded, and a folder outside that of the models.
        """
        ...

    async def load(self, name: str, *, is_default: bool = False) -> ModelView:
        """Load the model, also out of quarantine, and return when it is ready."""
        ...

    async def unload(self, name: str, *, within_s: float) -> ModelView:
        """Unload the model once its requests have ended, at most about `within_s` from now."""
        ...

    async def pin(self, name: str, *, is_pinned: bool) -> ModelView:
        """Keep the model in memory whatever else is wanted, or no longer."""
        ...

    def placement(self, name: str) -> Decision:
        """Return what loading the model would do now. Changes nothing."""
        ...

    async def pull(self, source: str) -> ModelView:
        """Download `owner/name[:QUANT]` or an address; return when the model is declared and here."""
        ...

    async def delete(self, name: str) -> list[str]:
        """Unload the model and remove its files from this machine; return their paths."""
        ...

    async def rescan(self) -> None:
        """Look for new, changed and vanished models now."""
        ...

    def events(self) -> AsyncIterator[ModelEvent]:
        """Return the changes of state from now on, for one reader."""
        ...
