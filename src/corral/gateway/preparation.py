"""From a declared model to what its engine is told: the download, if one is due, and the memory it needs."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import msgspec

from corral.catalog.cancel import Cancellable
from corral.catalog.contents import ContentsReader
from corral.catalog.memory_need import memory_parts
from corral.catalog.parts import all_parts
from corral.catalog.progress import Tally
from corral.catalog.source import needed_model
from corral.core.errors import ModelLoadError
from corral.core.messages import Load

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from corral.catalog.gguf_header import GgufHeader
    from corral.catalog.memory_need import MemoryParts
    from corral.catalog.progress import Arrival, Progress
    from corral.catalog.source import ModelSource
    from corral.core.engine_settings import EngineSettings
    from corral.core.settings import ModelSettings, Settings
    from corral.gateway.machine import Machine
    from corral.gateway.parking import Parking

    FindModel = Callable[[ModelSettings, Progress], ModelSource]

T = TypeVar("T")


class Prepared(NamedTuple):
    """What to tell an engine, and what it is thought to need. None: nobody knows."""

    load: Load
    need: MemoryParts | None


class Preparation:
    """Finds models for engines on `machine`. `runner` names their kind, `find` gives the file (blocking).

    `parking`: where engines leave what they hold of prefixes, None for nowhere.
    """

    def __init__(
        self, runner: str, find: FindModel, machine: Machine, parking: Parking | None = None
    ) -> None:
        self.machine = machine
        self._runner = runner
        self._find = find
        self._parking = parking
        # A vocabulary is long: reading it anew for every load took 30 ms of each.
        self._contents = ContentsReader()

    async def prepare(self, settings: Settings, purpose: str | None, progress: Progress) -> Prepared:
        """Return what loading needs; `purpose` instead of the declared one. Raises ModelLoadError.

        `progress` is called on another thread. Who stops waiting ends the download.
        """
        cancellable = Cancellable(progress)
        try:
            return await in_thread(lambda: self._prepared(settings, purpose, cancellable))
        except OSError as error:
            raise ModelLoadError(f"the model's files cannot be read: {error}") from error
        except asyncio.CancelledError:
            cancellable.cancel()
            raise

    def _prepared(self, settings: Settings, purpose: str | None, progress: Progress) -> Prepared:
        settings = _with_purpose(settings, purpose)
        source = self._find(needed_model(settings), progress)
        header = self._contents.read(source.path).header  # without one the engine refuses, in its own words
        engine = _with_projector(settings.engine, source)
        if purpose == "embed" and engine.pooling is None and header is not None and header.pooling is None:
            engine = msgspec.structs.replace(engine, pooling="mean")  # of one that is no embedding model
        load = Load(
            runner=self._runner,
            model_path=str(source.path),
            engine=engine if self._parking is None else self._parking.told(engine),
            log=msgspec.structs.replace(settings.log, is_file_shared=True),
        )
        return Prepared(load, None if header is None else self._need(header, source.path, engine))

    def _need(self, header: GgufHeader, path: Path, engine: EngineSettings) -> MemoryParts:
        n_bytes = sum(path.with_name(name).stat().st_size for name in all_parts(path.name))
        memory, has_device = self.machine.memory, self.machine.has_device
        return memory_parts(header, n_bytes, engine, machine_bytes=memory.host_bytes, has_device=has_device)


def _with_projector(engine: EngineSettings, source: ModelSource) -> EngineSettings:
    if source.projector is None:
        return engine
    media = msgspec.structs.replace(engine.media, projector_path=str(source.projector))
    return msgspec.structs.replace(engine, media=media)


def _with_purpose(settings: Settings, purpose: str | None) -> Settings:
    if purpose is None:
        return settings
    engine = msgspec.structs.replace(settings.engine, purpose=purpose)
    return msgspec.structs.replace(settings, engine=engine)


def told_on_loop(tell: Callable[[float | None], None]) -> Progress:
    """Return what a download on another thread may tell; `tell` gets the part that is here on this loop."""
    loop, tally = asyncio.get_running_loop(), Tally()
    shown: float | None = -1.0  # what was told last: a piece of the network is no news

    def told(arrival: Arrival) -> None:
        nonlocal shown
        tally(arrival)
        fraction = None if tally.fraction is None else round(tally.fraction, 2)
        if fraction != shown:
            shown = fraction
            loop.call_soon_threadsafe(tell, fraction)

    return told


async def in_thread(work: Callable[[], T]) -> T:
    """Return what `work` returns on a thread of its own, which does not hold up the end of the process.

    The threads of `asyncio.to_thread` do: Ctrl-C would wait for the end of a download.
    """
    outcome: concurrent.futures.Future[T] = concurrent.futures.Future()
    outcome.set_running_or_notify_cancel()  # who waits no more cannot cancel it, so that it can be settled

    def settle() -> None:
        try:
            outcome.set_result(work())
        except BaseException as error:  # noqa: BLE001 (not ended here: raised in who waits)
            outcome.set_exception(error)

    threading.Thread(target=settle, daemon=True).start()
    return await asyncio.wrap_future(outcome)
