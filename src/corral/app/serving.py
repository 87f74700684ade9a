"""The composition root of `corral serve`: builds and wires every object once, and ends them in order."""

from __future__ import annotations

import asyncio
import contextlib
import math
import sys
from typing import TYPE_CHECKING

import msgspec
import uvicorn

from corral.api.header_names import SpelledHeaders
from corral.api.server import create_app
from corral.api.threads import choose_n_threads, limit_threads
from corral.app.admin_key import AdminKeyFile, draw_key
from corral.app.characters import character_folder
from corral.app.declared import are_devices_wanted, declared_models, with_first
from corral.app.limits import limits_of
from corral.app.listeners import CannotListenError, Listeners
from corral.app.startup_text import StartupText, web_address
from corral.app.tls import tls_context
from corral.catalog.one_model import is_bundled
from corral.catalog.source import resolve
from corral.core import log
from corral.core.errors import CorralError, SettingsError
from corral.core.model_view import ModelState
from corral.gateway.callers import Callers
from corral.gateway.interrupt import Interrupt
from corral.gateway.machine import this_machine
from corral.gateway.model_events import ModelEvents
from corral.gateway.neighbours import Neighbours
from corral.gateway.parking import Parking
from corral.gateway.preparation import Preparation, in_thread
from corral.gateway.recording import recorder
from corral.gateway.remote.remotes import Remotes
from corral.gateway.residency import Bounds, Residency
from corral.gateway.router import Router
from corral.gateway.supervisor import Supervisor
from corral.gateway.topology import usable_cores
from corral.ui.mount import PUBLIC_PREFIXES, mount

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fastapi import FastAPI

    from corral.core.settings import Settings
    from corral.gateway.preparation import FindModel

# Longer than the connection pools of common clients keep an idle connection, so that none closes in use.
KEEP_ALIVE_S = 75
# What responses may still take once their requests were told to end.
RESPONSE_GRACE_S = 5

_log = log.get("app")


def serve(settings: Settings, *, runner: str = "llama", find_model: FindModel = resolve) -> int:
    """Serve until told to stop; return the exit status.

    `runner` names the kind of engine, `find_model` gives the file that it loads (blocking, on a thread).
    Takes over Ctrl-C and SIGTERM: the first lets running requests end, the second ends the process at once.
    """
    try:
        log.configure(settings.log)
        serving = _Serving(_with_admin_key(with_first(settings)), runner, find_model)
        listeners = Listeners(settings.server)
    except SettingsError as error:
        sys.stderr.write(f"error: {error.message}\n")
        return 1
    except CannotListenError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    with listeners, serving.admin_key(listeners), asyncio.Runner(loop_factory=_loop_factory()) as loop:
        return loop.run(serving.run(listeners))


class _Serving:
    """One run of the server: HTTP first, then its models, then the end of both."""

    def __init__(self, settings: Settings, runner: str, find_model: FindModel) -> None:
        self._settings = settings
        self._text = StartupText()
        self._told_to_stop = asyncio.Event()
        self._events = ModelEvents()
        self._declared = declared_models(settings)
        self._remotes = Remotes()
        self._characters = character_folder(settings.characters)
        self._supervisor = Supervisor(
            hang_s=settings.server.hang_s,
            spare_for=self._spare_for(runner),
            neighbours=Neighbours(usable_cores()) if settings.placement.is_yielding else None,
        )
        machine = this_machine(are_devices_wanted=are_devices_wanted(self._declared))
        limits = limits_of(settings.placement, machine)
        bounds = Bounds(limits, settings.placement.load_wait_s)
        self._parking = Parking(settings.placement.parked_bytes)
        preparation = Preparation(runner, find_model, machine, self._parking)
        residency = Residency(self._supervisor, preparation, bounds, self._events)
        self._callers = Callers(settings.server.terms)
        self._router = Router(
            self._declared, residency, settings, recorder=recorder(settings.log), callers=self._callers
        )
        self._tls = tls_context(settings.server)
        self._http = _http_server(settings, self._web_app())

    @contextlib.contextmanager
    def admin_key(self, listeners: Listeners) -> Iterator[None]:
        """Have the drawn admin key in its files, where commands of the same user find it."""
        folder, key = self._settings.model.cache_dir, self._settings.server.admin_keys[-1]
        ports = {port for _, port in listeners.names if port is not None}
        with contextlib.ExitStack() as stack:
            for file in [AdminKeyFile(folder, port, key) for port in ports] if folder is not None else []:
                try:
                    stack.enter_context(file)
                except OSError as error:
                    _log.warning("admin.no_key_file", reason=str(error))
            yield

    async def run(self, listeners: Listeners) -> int:
        """Serve until told to stop, or a lone model cannot be loaded; return the exit status."""
        async with self._supervisor, self._router:
            with self._parking, Interrupt(self._told_to_stop, last_words=self._supervisor.kill_all):
                await self._start_http(listeners)
                serving = asyncio.create_task(self._http.main_loop())
                watching = asyncio.create_task(self._text.follow(self._router.events(), self._ready_text))
                looking = asyncio.create_task(self._characters.refresh())  # what is wrong is told now
                status = await self._serve_models()
                await self._stop(listeners, self._settings.server.shutdown_s if status == 0 else 0.0)
                watching.cancel()
                looking.cancel()
                await serving
                return status

    def _spare_for(self, runner: str) -> str | None:
        """Return the kind of engine to keep a process ready for: among several models one is soon wanted."""
        has_spare = self._settings.placement.has_spare and not self._declared.is_single
        return runner if has_spare else None

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

    async def _serve_models(self) -> int:
        stopping = asyncio.create_task(self._told_to_stop.wait())
        loading = asyncio.create_task(self._load_first())
        try:
            await asyncio.wait({stopping, loading}, return_when=asyncio.FIRST_COMPLETED)
            if loading.done():
                loading.result()
                await stopping
        except CorralError as error:
            sys.stderr.write(f"error: {error.message}\nexiting due to model loading error\n")
            return 1
        finally:
            stopping.cancel()
            loading.cancel()
        return 0

    async def _load_first(self) -> None:
        """Load what is to be there from the start. Raises CorralError for a lone model."""
        if self._router.is_single:
            view = await self._router.load(None)
            if is_bundled(self._settings):
                self._text.bundled(self._declared.complaints)
            if view.state is ModelState.REMOTE:
                self._text.remote(view.name, self._settings.remote.base_url or "")
            return
        self._text.many(self._router.views())
        for name in self._router.preloaded():
            try:
                await self._router.load(name)
            except CorralError as error:
                _log.error("model.not_preloaded", model=name, reason=error.message)

    def _ready_text(self, name: str) -> str:
        try:
            facts = self._router.door(name).facts()
        except CorralError:  # gone again
            return f"{name} is ready"
        return f"{name} is ready: {facts.n_slots} slots of {facts.n_ctx} tokens"

    def _web_app(self) -> FastAPI:
        is_ui = self._settings.server.is_ui
        app = create_app(
            self._router,
            self._settings,
            public_prefixes=PUBLIC_PREFIXES if is_ui else (),
            stop=self._told_to_stop.set,
            remotes=self._remotes,
            characters=self._characters,
            callers=self._callers,
        )
        if is_ui:
            mount(app, self._router, self._settings, characters=self._characters, callers=self._callers)
        return app

    async def _stop(self, listeners: Listeners, within_s: float) -> None:
        """Take no more requests, let those that run end in time, then cut them; answer all of them."""
        if self._supervisor.n_open or self._remotes.n_open:
            self._text.stopping(within_s)
        elif self._supervisor.has_to_save:
            self._text.saving()
        self._http.should_exit = True
        self._events.close()
        self._router.close()
        await in_thread(self._parking.close)  # nobody will come back for what engines would leave there
        answering = asyncio.create_task(self._http.shutdown(sockets=listeners.sockets))
        await asyncio.gather(
            self._supervisor.shutdown(within_s=within_s), self._remotes.shutdown(within_s=within_s)
        )
        await answering


def _with_admin_key(settings: Settings) -> Settings:
    """Return the settings with one more key, at the end: for this user's commands on this machine."""
    keys = (*settings.server.admin_keys, draw_key())
    server = msgspec.structs.replace(settings.server, admin_keys=keys)
    return msgspec.structs.replace(settings, server=server)


def _http_server(settings: Settings, app: FastAPI) -> uvicorn.Server:
    grace_s = math.ceil(settings.server.shutdown_s) + RESPONSE_GRACE_S
    config = uvicorn.Config(
        SpelledHeaders(app),
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


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    try:
        import uvloop  # noqa: PLC0415 (Windows has none)
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop
