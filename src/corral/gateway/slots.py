"""What each slot is doing, kept from the engine's own words so that `/slots` never has to ask the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from corral.core.messages import ModelFacts
    from corral.core.outcome import SequenceEnd, SequenceOutput, SequenceStart
    from corral.core.request import GenerationRequest


class SlotView(msgspec.Struct, frozen=True, kw_only=True):
    """One slot at one moment.

    `request` and `start` are those of the sequence that runs, or, when idle, of the last one that ran (None
    before the first), and `task` the number of its start. `n_decoded` counts its generated tokens; `end` says
    how it ended, None while it runs. `n_filled`: the tokens that a save file filled it with since, 0 when it
    was erased since, None when neither was done.
    """

    id: int
    n_ctx: int
    is_processing: bool = False
    request: GenerationRequest | None = None
    start: SequenceStart | None = None
    n_decoded: int = 0
    end: SequenceEnd | None = None
    task: int | None = None
    n_filled: int | None = None

    @property
    def n_tokens(self) -> int | None:
        """How many tokens it holds, while it runs those of its prompt; None if it was never used."""
        if self.n_filled is not None:
            return self.n_filled if self.n_filled or self.request else None
        if self.end is not None:
            return self.end.n_past
        return None if self.start is None else self.start.n_prompt_tokens


class _Slot:
    """The mutable record behind one `SlotView`."""

    __slots__ = ("end", "is_processing", "n_decoded", "n_filled", "request", "start", "task")

    def __init__(self) -> None:
        self.is_processing = False
        self.request: GenerationRequest | None = None
        self.start: SequenceStart | None = None
        self.n_decoded = 0
        self.end: SequenceEnd | None = None
        self.task: int | None = None
        self.n_filled: int | None = None


class Slots:
    """A reducer of starts, outputs and ends of one engine process. No clock, no I/O.

    The slot of a companion is busy as long as that of its sequence, and tells nothing more.
    """

    def __init__(self, facts: ModelFacts) -> None:
        self._n_ctx = facts.n_ctx
        self._slots = [_Slot() for _ in range(facts.n_slots)]
        self._busy: dict[tuple[str, int], _Slot] = {}
        self._companions: dict[tuple[str, int], _Slot] = {}
        self._n_started = 0

    @property
    def n_free(self) -> int:
        """How many slots run nothing."""
        return sum(not slot.is_processing for slot in self._slots)

    @property
    def n_busy(self) -> int:
        """How many slots run a sequence, companions not counted."""
        return len(self._busy)

    def start(self, request: GenerationRequest, start: SequenceStart) -> None:
        """Note that a sequence of `request` got its slot."""
        slot = self._slots[start.slot] = _Slot()
        slot.is_processing = True
        slot.request = request
        slot.start = start
        slot.task = self._n_started
        self._n_started += 1
        self._busy[start.request_id, start.index] = slot
        if start.companion_slot is not None:
            companion = self._slots[start.companion_slot] = _Slot()
            companion.is_processing = True
            self._companions[start.request_id, start.index] = companion

    def output(self, output: SequenceOutput) -> None:
        """Note what one step gave one sequence; no effect on one that never had a slot."""
        slot = self._busy.get((output.request_id, output.index))
        if slot is None:
            return
        slot.n_decoded += len(output.tokens)
        if output.end is not None:
            slot.end = output.end
            self._free((output.request_id, output.index))

    def fill(self, number: int, n_tokens: int) -> None:
        """Note that an idle slot holds `n_tokens` of a file, or none. What runs by now holds its own."""
        slot = self._slots[number]
        if not slot.is_processing:
            slot.n_filled = n_tokens

    def release(self, request_id: str) -> None:
        """Free what `request_id` still holds: when it broke off, no end of its sequences came."""
        for key in [key for key in self._busy if key[0] == request_id]:
            self._free(key)

    def _free(self, key: tuple[str, int]) -> None:
        self._busy.pop(key).is_processing = False
        if key in self._companions:
            self._companions.pop(key).is_processing = False

    def views(self) -> list[SlotView]:
        """Return all slots in the order of their ids."""
        return [
            SlotView(
                id=number,
                n_ctx=self._n_ctx,
                is_processing=slot.is_processing,
                request=slot.request,
                start=slot.start,
                n_decoded=slot.n_decoded,
                end=slot.end,
                task=slot.task,
                n_filled=slot.n_filled,
            )
            for number, slot in enumerate(self._slots)
        ]
