import asyncio

import pytest

from corral.core.engine_settings import CpuSettings, EngineSettings
from corral.core.messages import Heartbeat, Load
from corral.gateway.spare import Spare

PLAIN = Load("llama", "model.gguf", EngineSettings())
ME = object()


class PlayedChannel:
    """A process that was started with these words for that listener."""

    def __init__(self, argv, listener):
        self.argv = argv
        self.listener = listener
        self.pid = 4711
        self.was_killed = False

    def hand_to(self, listener):
        self.listener = listener

    def kill(self):
        self.was_killed = True
        self.listener.ended("ended by SIGKILL")


class Processes:
    """Starts played processes; `refusal` is raised instead."""

    def __init__(self):
        self.started = []
        self.refusal = None

    async def start(self, argv, listener):
        if self.refusal is not None:
            raise self.refusal
        self.started.append(PlayedChannel(argv, listener))
        return self.started[-1]


@pytest.fixture
def processes():
    return Processes()


@pytest.fixture
def spare(processes):
    return Spare(("engine",), "llama", processes.start)


def test_without_a_spare_a_process_is_started(spare, processes):
    channel = asyncio.run(spare.open(PLAIN, ME))

    assert (channel.argv, channel.listener) == (("engine",), ME)
    assert processes.started == [channel]


def test_the_spare_knows_its_kind_and_goes_to_the_next_model(spare, processes):
    async def act():
        await spare.refill()
        return await spare.open(PLAIN, ME)

    channel = asyncio.run(act())

    assert (channel.argv, channel.listener) == (("engine", "llama"), ME)
    assert (len(processes.started), spare.pid) == (1, None)


def test_there_is_one_spare_at_most(spare, processes):
    async def act():
        await spare.refill()
        await spare.refill()

    asyncio.run(act())

    assert len(processes.started) == 1
    assert spare.pid == 4711


@pytest.mark.parametrize(
    "load",
    [
        Load("other", "model.gguf", EngineSettings()),
        Load("llama", "model.gguf", EngineSettings(numa="isolate")),
        Load("llama", "model.gguf", EngineSettings(cpu=CpuSettings(poll=0))),
        Load("llama", "model.gguf", EngineSettings(cpu_batch=CpuSettings(poll=50))),
    ],
)
def test_what_must_be_said_before_the_library_is_there_needs_a_new_process(spare, load):
    async def act():
        await spare.refill()
        return await spare.open(load, ME)

    assert asyncio.run(act()).argv == ("engine",)
    assert spare.pid is not None


def test_without_a_kind_there_is_never_a_spare(processes):
    asyncio.run(Spare(("engine",), None, processes.start).refill())

    assert processes.started == []


def test_a_spare_that_ended_by_itself_is_replaced_after_the_next_load(spare, processes):
    async def act():
        await spare.refill()
        processes.started[0].listener.ended("ended by SIGKILL")
        await spare.refill()
        n_before = len(processes.started)
        await spare.open(PLAIN, ME)
        await spare.refill()
        return n_before

    assert asyncio.run(act()) == 1
    assert [channel.argv for channel in processes.started[1:]] == [("engine",), ("engine", "llama")]


def test_a_spare_that_cannot_be_started_is_not_tried_again_and_again(spare, processes):
    async def act():
        processes.refusal = OSError("no more processes")
        await spare.refill()
        processes.refusal = None
        await spare.refill()

    asyncio.run(act())

    assert processes.started == []


def test_closing_ends_the_spare_and_there_is_none_any_more(spare, processes):
    async def act():
        await spare.refill()
        spare.close()
        await spare.closed()
        await spare.refill()

    asyncio.run(act())

    assert processes.started[0].was_killed
    assert spare.pid is None
    assert len(processes.started) == 1


def test_a_spare_that_was_starting_when_all_ended_ends_too(processes):
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slowly(argv, listener):
        begun.set()
        await go_on.wait()
        return await processes.start(argv, listener)

    async def act():
        spare = Spare(("engine",), "llama", slowly)
        refilling = asyncio.create_task(spare.refill())
        await begun.wait()
        spare.close()
        go_on.set()
        await refilling
        await spare.closed()

    asyncio.run(act())

    assert processes.started[0].was_killed


def test_its_heartbeats_are_nobodys_business(spare):
    spare.heard([Heartbeat(0.0, 1)])

    assert spare.pid is None
