"""Calls that save, restore and erase slots: done between steps, each when its slot is idle.

Calls on one slot are done in their order. A slot that becomes idle does what it was called for before
anybody is admitted to it, so no call waits for more than the sequence that runs.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from corral.core.clock import Clock
from corral.core.errors import AuthenticationError, CorralError, InternalError, InvalidRequestError
from corral.core.messages import AnyEvent, EraseSlot, Failed, RestoreSlot, SaveSlot, SlotMoved
from corral.engine.kv import KvLedger
from corral.engine.ports import Memory
from corral.engine.prefixes import Space
from corral.engine.slot_file import NOT_TAKEN, SlotContent
from corral.engine.slot_files import Moved, Outcome, Then
from corral.engine.tiers.arrivals import Post

SlotCall = SaveSlot | RestoreSlot | EraseSlot

_ANOTHERS = "This slot is another key's: only that one, or an admin key, may save or erase it"


class Files(Protocol):
    """`slot_files.SlotFiles`."""

    def write(self, path: str, content: SlotContent, then: Then) -> None:
        """Write a file, then call `then` on some thread."""
        ...

    def read(self, path: str, then: Then) -> None:
        """Read one."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class _Filling:
    """A restore whose file was read: the slot is given what it held as soon as it is idle."""

    call: RestoreSlot
    file: Moved

    @property
    def slot(self) -> int:
        return self.call.slot


class SlotCalls:
    """Owned by the loop's thread. `post` brings back there what the thread of the files has done."""

    def __init__(self, memory: Memory, ledger: KvLedger, files: Files, post: Post, clock: Clock) -> None:
        self._memory = memory
        self._ledger = ledger
        self._files = files
        self._post = post
        self._clock = clock
        self._waiting: dict[int, deque[SlotCall | _Filling]] = {}
        self._at_disk: set[int] = set()

    def take(self, call: SlotCall) -> list[AnyEvent]:
        """Accept a call; it is answered once."""
        self._waiting.setdefault(call.slot, deque()).append(call)
        return self.run()

    def run(self) -> list[AnyEvent]:
        """Do all that can be done now; return the answers."""
        return [event for slot in list(self._waiting) for event in self._run(slot)]

    def _run(self, slot: int) -> list[AnyEvent]:
        waiting = self._waiting[slot]
        events: list[AnyEvent] = []
        while waiting and self._can_begin(waiting[0]):
            events += self._begin(waiting.popleft())
        if not waiting:
            del self._waiting[slot]
        return events

    def _can_begin(self, call: SlotCall | _Filling) -> bool:
        if call.slot in self._at_disk:
            return False
        return isinstance(call, RestoreSlot) or self._ledger.is_idle(call.slot)

    def _begin(self, call: SlotCall | _Filling) -> list[AnyEvent]:
        match call:
            case SaveSlot() | EraseSlot() if self._is_anothers(call):
                return [_answer(call.request_id, AuthenticationError(_ANOTHERS))]
            case EraseSlot(request_id, slot):
                return [SlotMoved(request_id, self._ledger.erase(slot), 0, 0.0)]
            case SaveSlot():
                return self._save(call)
            case RestoreSlot(request_id, slot, path):
                self._at_disk.add(slot)
                self._files.read(path, self._then(request_id, lambda o: self._loaded(call, o)))
                return []
            case _Filling():
                return [self._fill(call)]

    def _is_anothers(self, call: SaveSlot | EraseSlot) -> bool:
        """Tell whether the slot holds what another than the call's caller has asked, where there are keys."""
        space = self._ledger.space(call.slot)
        return bool(call.caller) and space is not None and space.caller not in ("", call.caller)

    def _save(self, call: SaveSlot) -> list[AnyEvent]:
        """Take a copy of the slot, which is free to go on, and have it written."""
        space, tokens = self._ledger.content(call.slot)
        try:
            state = self._memory.state(call.slot)
        except MemoryError:
            return [_answer(call.request_id, InternalError("Unable to save slot: not enough memory"))]
        self._at_disk.add(call.slot)
        content = SlotContent(tokens, state, space.loras)
        self._files.write(call.path, content, self._then(call.request_id, lambda o: self._saved(call, o)))
        return []

    def _then(self, request_id: str, act: Callable[[Outcome], list[AnyEvent]]) -> Then:
        return lambda outcome: self._post(request_id, lambda: act(outcome))

    def _saved(self, call: SaveSlot, outcome: Outcome) -> list[AnyEvent]:
        self._at_disk.discard(call.slot)
        return [_answer(call.request_id, outcome), *self.run()]

    def _loaded(self, call: RestoreSlot, outcome: Outcome) -> list[AnyEvent]:
        self._at_disk.discard(call.slot)
        if isinstance(outcome, CorralError):
            return [_answer(call.request_id, outcome), *self.run()]
        self._waiting.setdefault(call.slot, deque()).appendleft(_Filling(call, outcome))
        return self.run()

    def _fill(self, filling: _Filling) -> AnyEvent:
        began_s = self._clock.now_s()
        call, file = filling.call, filling.file
        self._ledger.rescue(call.slot)
        self._ledger.erase(call.slot)
        try:
            is_taken = self._memory.set_state(call.slot, file.content.state)
        except MemoryError:
            self._memory.clear(call.slot)
            return _answer(call.request_id, InternalError("Unable to restore slot: not enough memory"))
        if not is_taken:
            return _answer(call.request_id, InvalidRequestError(NOT_TAKEN))
        self._ledger.fill(call.slot, Space(call.caller, file.content.loras), file.content.tokens)
        elapsed_ms = file.elapsed_ms + (self._clock.now_s() - began_s) * 1000
        return _answer(call.request_id, Moved(file.content, file.n_bytes, elapsed_ms))


def _answer(request_id: str, outcome: Outcome) -> AnyEvent:
    if isinstance(outcome, CorralError):
        return Failed(request_id, outcome.report())
    return SlotMoved(request_id, len(outcome.content.tokens), outcome.n_bytes, outcome.elapsed_ms)
