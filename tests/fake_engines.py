"""A gateway of many models without processes, files or time: engines are played, and the clock is turned."""

import asyncio
import selectors
from pathlib import Path

import msgspec

from corral.catalog.entry import ModelEntry
from corral.core.engine_settings import EngineSettings
from corral.core.errors import ModelLoadError, NotFoundError
from corral.core.memory import Memory
from corral.core.messages import Drain, Heartbeat, Load, LoadFailed, ModelFacts, Ready
from corral.core.model_definition import ModelDefinition
from corral.core.settings import ModelSettings, Settings, StaySettings
from corral.gateway.machine import Machine
from corral.gateway.model_events import ModelEvents
from corral.gateway.placement import Limits
from corral.gateway.preparation import Prepared
from corral.gateway.residency import Bounds, Residency
from corral.gateway.router import Router
from corral.gateway.supervisor import Supervisor

ROOMY = Memory(10**15, 10**15)
TICK_S = 0.5
HEARTBEAT_S = 5.0


class _Turned(selectors.SelectSelector):
    """Never waits: where the loop would, its clock is turned on instead."""

    turn = None

    def select(self, timeout=None):
        if timeout != 0:
            self.turn(timeout)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """Runs what is due, and nothing else; `advance` is how its time goes by."""

    def __init__(self):
        selector = _Turned()
        selector.turn = self._turn
        self._now_s = self._until_s = 1000.0
        super().__init__(selector)
        self.faults = []
        self.set_exception_handler(lambda _loop, context: self.faults.append(context))

    def time(self):
        return self._now_s

    def now_s(self):
        return self._now_s

    def advance(self, seconds=0.0):
        """Let everything happen that happens within the time."""
        self._until_s = self._now_s + seconds
        self.run_forever()

    def turn(self, n):
        """Run what is ready `n` times, so that tasks stand in the middle of what they do."""
        for _ in range(n):
            self.call_soon(self.stop)
            self.run_forever()

    def _turn(self, timeout):
        if timeout is None or self._now_s + timeout > self._until_s:
            self._now_s = self._until_s
            self.stop()
        else:
            self._now_s += timeout


class FakeChannel:
    """A played process: loads as its engines do, and ends when it is told to drain."""

    def __init__(self, engines, listener):
        self.listener = listener
        self.load = None
        self.pid = engines.n_started
        self.is_gone = False
        self.sent = []
        self._engines = engines
        self._loop = asyncio.get_running_loop()
        self._beat()

    def send(self, command):
        self.sent.append(command)
        match command:
            case Load():
                self.load = command
                self._loop.call_later(self._engines.load_s, self._load)
            case Drain():
                self._loop.call_later(self._engines.ending_s, self.end)

    def terminate(self):
        self._loop.call_later(self._engines.ending_s, self.end)

    def kill(self):
        self._loop.call_soon(self.end, "ended by SIGKILL")

    def end(self, reason="exit status 0"):
        if self.is_gone:
            return
        self.is_gone = True
        self._engines.live.remove(self)
        self.listener.ended(reason)

    def _load(self):
        if self.is_gone:
            return
        broken = self._engines.broken.get(self.load.model_path)
        if broken is None:
            self.listener.heard([Ready(ModelFacts(n_slots=4, n_ctx=128))])
        elif broken == "crash":
            self.end("ended by SIGSEGV")
        else:
            self.listener.heard([LoadFailed(ModelLoadError(broken).report())])
            self.end("exit status 1")

    def _beat(self):
        if not self.is_gone:
            rss_bytes = self._engines.rss_bytes.get(self.load.model_path, 0) if self.load else 0
            self.listener.heard([Heartbeat(0.0, rss_bytes)])
            self._loop.call_later(HEARTBEAT_S, self._beat)


class FakeEngines:
    """Starts played processes, in place of the supervisor's `Spare`. `broken`: which files do not load.

    A process loads for `load_s` and takes `ending_s` to be gone.
    """

    pid = None

    def __init__(self):
        self.live = []
        self.broken = {}
        self.rss_bytes = {}
        self.load_s = 1.0
        self.ending_s = 0.05
        self.n_started = 0
        self.started = []

    async def open(self, load, listener):
        self.n_started += 1
        self.started.append(load.model_path)
        await asyncio.sleep(0)
        channel = FakeChannel(self, listener)
        channel.load = load
        self.live.append(channel)
        return channel

    async def refill(self):
        pass

    def close(self):
        pass

    async def closed(self):
        pass


class FakePreparation:
    """Finds every file after `prepare_s`, but those that are `missing`; tells of `downloads` on the way."""

    machine = Machine(ROOMY)

    def __init__(self):
        self.prepare_s = 0.0
        self.missing = set()
        self.downloads = {}
        self.n_prepared = 0

    async def prepare(self, settings, purpose, progress):
        self.n_prepared += 1
        path = settings.model.path
        for arrival in self.downloads.get(path, ()):
            await asyncio.sleep(self.prepare_s)
            progress(arrival)
        await asyncio.sleep(self.prepare_s)
        if path in self.missing:
            raise ModelLoadError(f"there is no {path}")
        engine = msgspec.structs.replace(settings.engine, purpose=purpose or settings.engine.purpose)
        return Prepared(Load("fake", path, engine), None)


class FakeCatalogue:
    """Models that a test declares."""

    is_single = False
    complaints = ()

    def __init__(self, entries):
        self.entries = {one.name: one for one in entries}

    def find(self, name):
        if name not in self.entries:
            raise NotFoundError(f"The model '{name}' does not exist")
        return self.entries[name]


def entry(name, path=None, *, n_bytes=1, stay=None, max_queue=1024, **facts):
    settings = Settings(
        model=ModelSettings(path=path or name),
        engine=EngineSettings(n_parallel=2, n_ctx=128, max_queue=max_queue),
        stay=stay or StaySettings(),
    )
    definition = ModelDefinition(name=name, settings=settings)
    return ModelEntry(definition=definition, path=Path(path or name), n_bytes=n_bytes, **facts)


class World:
    """A router over played engines. `run` lets a coroutine come to its end, `begin` only begins it."""

    def __init__(self, *entries, n_workers=None, budget=ROOMY, load_wait_s=20.0, close_after_s=2.0):
        self.loop = VirtualLoop()
        self.engines = FakeEngines()
        self.preparation = FakePreparation()
        self.catalogue = FakeCatalogue(entries)
        self.limits = Limits(max_workers=n_workers, budget=budget)
        self.bounds = Bounds(self.limits, load_wait_s, close_after_s)
        self._stop = asyncio.Event()
        self._living = self.begin(self._live())
        self.pass_time()

    async def _live(self):
        self.supervisor = Supervisor(hang_s=600.0, clock=self.loop)
        self.supervisor._spare = self.engines
        self.residency = Residency(
            self.supervisor, self.preparation, self.bounds, ModelEvents(), clock=self.loop
        )
        self.router = Router(self.catalogue, self.residency, Settings(), clock=self.loop)
        async with self.supervisor:
            ticking = asyncio.create_task(self._tick())
            await self._stop.wait()
            ticking.cancel()
            self.router.close()
            await self.supervisor.shutdown(within_s=0.0)
            await self.residency.closed()

    async def _tick(self):
        while True:
            await asyncio.sleep(TICK_S)
            self.residency.tick()

    def begin(self, coroutine):
        return self.loop.create_task(coroutine)

    def pass_time(self, seconds=0.0):
        self.loop.advance(seconds)
        assert self.loop.faults == [], self.loop.faults

    def run(self, coroutine, within_s=100.0):
        task = self.begin(coroutine)
        self.loop.advance(within_s)
        assert task.done(), "it hangs"
        return task.result()

    def hold(self, name, **options):
        """Begin a lease; return it as a `Holder`."""
        return Holder(self, name, **options)

    def declare(self, *entries):
        """Have the rescan find other models."""
        self.catalogue.entries = {one.name: one for one in entries}
        self.router._take_over()
        self.router._forget_gone()

    def state(self, name):
        return self.router.view(name).state.value

    def model(self, name):
        return self.router._known(name)

    def channel(self, name):
        """Return the live process of a model."""
        return next(one for one in self.engines.live if one.load.model_path == name)

    @property
    def alive(self):
        return sorted(one.load.model_path for one in self.engines.live)

    def close(self):
        """End everything; nothing may be left."""
        self._stop.set()
        self.pass_time(60.0)
        assert self._living.done(), asyncio.all_tasks(self.loop)
        self._living.result()
        left = asyncio.all_tasks(self.loop)
        assert not left, left
        assert self.engines.live == []
        self.loop.close()


class Holder:
    """A request as the gateway sees it: it enters a lease, holds it until told to leave, or is refused."""

    def __init__(self, world, name, *, enters=True, **options):
        self.world = world
        self.name = name
        self.error = None
        self.is_in = False
        self.begun_s = world.loop.time()
        self.ended_s = None
        self._leave = asyncio.Event()
        self.task = world.begin(self._hold(options))
        if enters:
            world.pass_time()

    async def _hold(self, options):
        try:
            async with self.world.router.opened(self.name, **options):
                self.is_in = True
                await self._leave.wait()
        except Exception as error:  # noqa: BLE001 (tests look at it)
            self.error = error
        finally:
            self.is_in = False
            self.ended_s = self.world.loop.time()

    def let_go(self):
        """Have it leave as soon as it can."""
        self._leave.set()

    def leave(self):
        self._leave.set()
        self.world.pass_time()

    def cancel(self):
        self.task.cancel()
        self.world.pass_time()

    @property
    def is_over(self):
        return self.task.done()
