"""What an engine keeps between requests, changed from outside; a restarted engine begins with it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from corral.core.engine_settings import LoraSettings
from corral.core.messages import (
    EraseSlot,
    RestoreSlot,
    SaveSlot,
    SetLoras,
    SetSystemPrompt,
    SlotMoved,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from corral.core.engine_settings import EngineSettings
    from corral.core.messages import AnyCall, LoraFacts, ModelFacts
    from corral.gateway.process import EngineProcess
    from corral.gateway.worker import Worker

    Change = Callable[[ModelFacts], ModelFacts]


class EngineState:
    """The door to one model's state. Methods raise as entering a generation does, and what the engine says.

    `worker` finds the model's worker, `ready_process` waits for its process, `call_id` draws an id.
    """

    def __init__(
        self,
        worker: Callable[[], Worker],
        ready_process: Callable[[], Awaitable[EngineProcess]],
        call_id: Callable[[], str],
    ) -> None:
        self._worker = worker
        self._ready_process = ready_process
        self._call_id = call_id

    async def save_slot(self, slot: int, path: str, caller: str) -> SlotMoved:
        """Write what a slot holds to the file `path`; waits until it is idle.

        Raises AuthenticationError where it is another's than `caller`'s; "" may save anybody's.
        """
        return await _moved(await self._ready_process(), SaveSlot(self._call_id(), slot, path, caller))

    async def restore_slot(self, slot: int, path: str, caller: str) -> SlotMoved:
        """Read such a file into a slot, for `caller` to use; waits until it is idle."""
        return await self._fill(RestoreSlot(self._call_id(), slot, path, caller))

    async def erase_slot(self, slot: int, caller: str) -> SlotMoved:
        """Forget what a slot holds; waits until it is idle. `caller` as in `save_slot`."""
        return await self._fill(EraseSlot(self._call_id(), slot, caller), n_left=0)

    async def set_loras(self, scales: list[tuple[int, float]]) -> None:
        """Give every adapter its scale, by id, for requests that come later; those not named get 0."""
        given = dict(scales)

        def changed(facts: ModelFacts) -> ModelFacts:
            loras = [
                msgspec.structs.replace(lora, scale=given.get(number, 0.0))
                for number, lora in enumerate(facts.loras)
            ]
            return msgspec.structs.replace(facts, loras=loras)

        await self._change(lambda: SetLoras(self._call_id(), scales), changed)

    async def set_system_prompt(self, text: str) -> None:
        """Put `text` before every prompt that comes later; empty: nothing."""

        def changed(facts: ModelFacts) -> ModelFacts:
            return msgspec.structs.replace(facts, system_prompt=text)

        await self._change(lambda: SetSystemPrompt(self._call_id(), text), changed)

    async def _fill(self, call: RestoreSlot | EraseSlot, n_left: int | None = None) -> SlotMoved:
        """Move, and note that the slot holds `n_left` tokens now; None: those that were moved."""
        process = await self._ready_process()
        moved = await _moved(process, call)
        assert process.requests is not None
        process.requests.slots.fill(call.slot, moved.n_tokens if n_left is None else n_left)
        return moved

    async def _change(self, make: Callable[[], AnyCall], changed: Change) -> None:
        """Tell the engine, then remember it; a process that took its place meanwhile is told too."""
        while True:
            process = await self._ready_process()
            await process.call(make())
            worker = self._worker()
            assert worker.facts is not None
            facts = changed(worker.facts)
            worker.keep(facts, settings_of(worker.engine, facts))
            if worker.process is process:
                return


async def _moved(process: EngineProcess, call: SaveSlot | RestoreSlot | EraseSlot) -> SlotMoved:
    answer = await process.call(call)
    assert isinstance(answer, SlotMoved)
    return answer


def settings_of(engine: EngineSettings, facts: ModelFacts) -> EngineSettings:
    """Return the settings with which a new process begins as `facts` are now."""
    adapters = msgspec.structs.replace(
        engine.adapters, loras=tuple(_lora_settings(lora) for lora in facts.loras), is_applied=True
    )
    return msgspec.structs.replace(engine, adapters=adapters, system_prompt=facts.system_prompt)


def _lora_settings(lora: LoraFacts) -> LoraSettings:
    return LoraSettings(lora.path, lora.scale)
