"""The composition root of `corral serve`: builds and wires every object once, and ends them in order."""

from __future__ import annotations

import asyncio
import concurrent.futures
import math
import sys
import threading
from typing import TYPE_CHECKING, TypeVar

import msgspec
import uvicorn

from corral.api.header_names import SpelledHeaders
from corral.api.server import create_app
from corral.api.threads import choose_n_threads, limit_threads
from corral.catalog.source import resolve
from corral.core import log
from corral.core.errors import CorralError, SettingsError
from corral.core.messages import Load
from corral.gateway.door import Door
from corral.gateway.interrupt import Interrupt
from corral.gateway.recording import recorder
from corral.gateway.supervisor import Supervisor
from corral.listeners import CannotListenError, Listeners
from corral.startup_text import StartupText, web_address
from corral.tls import tls_context
from corral.ui.mount import PUBLIC_PREFIXES, mount

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI

    from corral.catalog.progress import Progress
    from corral.catalog.source import ModelSource
    from corral.core.engine_settings import EngineSettings
    from corral.core.messages import ModelFacts
    from corral.core.settings import ModelSettings, Settings

    FindModel = Callable[[ModelSettings, Progress], ModelSource]

T = TypeVar("T")

# Longer than the connection pools of common clients keep an idle connection, so that none closes in use.
KEEP_ALIVE_S = 75
# What responses may still take once their requests were told to end.
RESPONSE_GRACE_S = 5


def serve(settings: Settings, *, runner: str = "llama", find_model: FindModel = resolve) -> int:
    """Serve until told to stop; return the exit status.

    `runner` names the kind of engine, `find_model` gives the file that it loads (blocking, on a thread).
    Takes over Ctrl-C and SIGTERM: the first lets running requests end, the second ends the process at once.
    """
    try:
        log.configure(settings.log)
        serving = _Serving(settings, runner, find_model)
        listeners = Listeners(settings.server)
    except SettingsError as error:
        sys.stderr.write(f"error: {error.message}\n")
        return 1
    except CannotListenError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    with listeners, asyncio.Runner(loop_factory=_loop_factory()) as loop:
        return loop.run(serving.run(listeners))


class _Serving:
    """One run of the server: HTTP first, then the model, then the end of both."""

    def __init__(self, settings: Settings, runner: str, find_model: FindModel) -> None:
        self._settings = settings
        self._runner = runner
        self._find_model = find_model
        self._text = StartupText()
        self._supervisor = Supervisor(hang_s=settings.server.hang_s)
        self._door = Door(
            "",
            self._supervisor.workers,
            max_queue=settings.engine.max_queue,
            recorder=recorder(settings.log),
        )
        self._tls = tls_context(settings.server)
        self._http = _http_server(settings, self._door)

    async def run(self, listeners: Listeners) -> int:
        """Serve until a signal comes or the model cannot be loaded; return the exit status."""
        async with self._supervisor:
            with Interrupt(last_words=self._supervisor.kill_all) as interrupt:
                await self._start_http(listeners)
                serving = asyncio.create_task(self._http.main_loop())
                status = await self._serve_model(interrupt.came)
                await self._stop(listeners, self._settings.server.shutdown_s if status == 0 else 0.0)
                await serving
                return status

    async def _start_http(self, listeners: Listeners) -> None:
        server = self._settings.server
        limit_threads(choose_n_threads(server.n_threads, self._settings.engine.n_parallel))
        # The parts of uvicorn's own `serve`, which would take the signals for itself.
        self._http.config.load()
        self._http.config.ssl = self._tls
        self._http.lifespan = self._http.config.lifespan_class(self._http.config)
        await self._http.startup(sockets=listeners.sockets)
        is_tls = self._tls is not None
        self._text.listening(
            web_address(name, is_tls=is_tls, prefix=server.prefix) for name in listeners.names
        )

    async def _serve_model(self, told_to_stop: asyncio.Event) -> int:
        stopping = asyncio.create_task(told_to_stop.wait())
        loading = asyncio.create_task(self._load())
        try:
            await asyncio.wait({stopping, loading}, return_when=asyncio.FIRST_COMPLETED)
            if loading.done():
                self._text.ready(*loading.result())
                await stopping
        except CorralError as error:
            sys.stderr.write(f"error: {error.message}\nexiting due to model loading error\n")
            return 1
        finally:
            stopping.cancel()
            loading.cancel()
        return 0

    async def _load(self) -> tuple[ModelSource, ModelFacts]:
        with self._text.downloads() as bars:
            source = await _in_thread(lambda: self._find_model(self._settings.model, bars))
        self._text.loading(source)
        self._door.name = source.name
        load = Load(
            runner=self._runner,
            model_path=str(source.path),
            engine=_with_projector(self._settings.engine, source),
            log=msgspec.structs.replace(self._settings.log, is_file_shared=True),
        )
        return source, await self._supervisor.load(source.name, load)

    async def _stop(self, listeners: Listeners, within_s: float) -> None:
        """Take no more requests, let those that run end in time, then cut them; answer all of them."""
        if self._supervisor.n_open:
            self._text.stopping(within_s)
        self._http.should_exit = True
        answering = asyncio.create_task(self._http.shutdown(sockets=listeners.sockets))
        await self._supervisor.shutdown(within_s=within_s)
        await answering


def _with_projector(engine: EngineSettings, source: ModelSource) -> EngineSettings:
    if source.projector is None:
        return engine
    media = msgspec.structs.replace(engine.media, projector_path=str(source.projector))
    return msgspec.structs.replace(engine, media=media)


def _http_server(settings: Settings, door: Door) -> uvicorn.Server:
    grace_s = math.ceil(settings.server.shutdown_s) + RESPONSE_GRACE_S
    config = uvicorn.Config(
        SpelledHeaders(_web_app(settings, door)),
        loop="none",
        http="httptools",
        ws="websockets-sansio",
        ws_ping_interval=None,  # the web page has pings of its own
        ws_ping_timeout=None,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=grace_s,
    )
    return uvicorn.Server(config)


def _web_app(settings: Settings, door: Door) -> FastAPI:
    if not settings.server.is_ui:
        return create_app(door, settings)
    app = create_app(door, settings, public_prefixes=PUBLIC_PREFIXES)
    mount(app, door, settings)
    return app


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    try:
        import uvloop  # noqa: PLC0415 (Windows has none)
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop


async def _in_thread(work: Callable[[], T]) -> T:
    """Return what `work` returns on a thread of its own, which does not hold up the end of the process.

    The threads of `asyncio.to_thread` do: Ctrl-C would wait for the end of a download.
    """
    outcome: concurrent.futures.Future[T] = concurrent.futures.Future()

    def settle() -> None:
        try:
            outcome.set_result(work())
        except BaseException as error:  # noqa: BLE001 (not ended here: raised in who waits)
            outcome.set_exception(error)

    threading.Thread(target=settle, daemon=True).start()
    return await asyncio.wrap_future(outcome)
