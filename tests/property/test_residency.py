"""Any mix of requests, crashes, changes and time: memory is never overdrawn, and nobody waits for ever."""

from __future__ import annotations

import contextlib
from collections import Counter

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from corral.core.errors import CorralError, InternalError, NotFoundError
from corral.core.memory import Memory
from corral.core.settings import StaySettings
from corral.gateway.lifecycle import State
from tests.fake_engines import World, entry

SIZES = {"a": 1, "b": 3, "c": 5, "d": 6, "e": 9}
BUDGET, N_WORKERS = 10, 3
LOAD_WAIT_S, CLOSE_AFTER_S = 20.0, 2.0
LONGEST_PREPARE_S, LONGEST_LOAD_S = 3.0, 4.0
names = st.sampled_from(list(SIZES))
which = st.integers(0, 20)


def declared(name, version=0, stay=None):
    size = SIZES[name]
    return entry(name, f"{name}:{size}:{version}", n_bytes=size, stay=stay)


def size_of(channel):
    return int(channel.load.model_path.split(":")[1])


async def asked(wish):
    with contextlib.suppress(NotFoundError):  # it vanished before that was looked at
        await wish


class Gateway(RuleBasedStateMachine):
    """Every rule happens in the midst of the others: only `time` and `turns` let the loop go on."""

    def __init__(self):
        super().__init__()
        self.world = World(
            *map(declared, SIZES),
            n_workers=N_WORKERS,
            budget=Memory(BUDGET),
            load_wait_s=LOAD_WAIT_S,
            close_after_s=CLOSE_AFTER_S,
        )
        self.world.engines.ending_s = 1.2
        self.holders = []
        self.excused = set()  # who was there when an administrator unloaded the model
        self.n_versions = 0

    @rule(name=names, keep=st.sampled_from([None, None, None, 0.0, 3.0, -1.0]), is_variant=st.booleans())
    def arrive(self, name, keep, is_variant):
        purpose = "embed" if is_variant and name in "ab" else None
        holder = self.world.hold(name, enters=False, keep_alive_s=keep, purpose=purpose)
        holder.key = name if purpose is None else f"{name} (embed)"
        self.holders.append(holder)

    @rule(name=names, n=st.integers(2, 5))
    def burst(self, name, n):
        for _ in range(n):
            self.arrive(name, None, is_variant=False)

    @rule(number=which)
    def leave(self, number):
        if inside := [one for one in self.holders if one.is_in]:
            inside[number % len(inside)].let_go()

    @rule(number=which)
    def cancel(self, number):
        if present := [one for one in self.holders if not one.is_over]:
            present[number % len(present)].task.cancel()

    @rule(number=which)
    def crash(self, number):
        if live := self.world.engines.live:
            live[number % len(live)].end("ended by SIGSEGV")

    @rule(name=names, how=st.sampled_from(["crash", "it is damaged", None]))
    def damage(self, name, how):
        if name in self.here:
            self.world.engines.broken[self.here[name].definition.settings.model.path] = how

    @rule(name=names, within_s=st.sampled_from([0.0, 5.0]))
    def unload(self, name, within_s):
        if name in self.here:
            self.excused.update(one for one in self.holders if one.name == name)
            self.world.begin(asked(self.world.router.unload(name, within_s=within_s)))

    @rule(name=names, is_pinned=st.booleans())
    def pin(self, name, is_pinned):
        if name in self.here:
            self.world.begin(asked(self.world.router.pin(name, is_pinned=is_pinned)))

    @rule(name=names)
    def change(self, name):
        self.n_versions += 1
        new = declared(name, self.n_versions)
        self.world.declare(*{**self.here, name: new}.values())

    @rule(name=names, ttl_s=st.sampled_from([None, 1.0]))
    def change_stay(self, name, ttl_s):
        if name in self.here:
            version = int(self.here[name].definition.settings.model.path.split(":")[2])
            new = declared(name, version, StaySettings(ttl_s=ttl_s))
            self.world.declare(*{**self.here, name: new}.values())

    @rule(name=names)
    def vanish(self, name):
        self.world.declare(*(one for one in self.here.values() if one.name != name))

    @rule(
        load_s=st.sampled_from([0.1, 1.0, LONGEST_LOAD_S]),
        prepare_s=st.sampled_from([0.0, LONGEST_PREPARE_S]),
    )
    def slow_down(self, load_s, prepare_s):
        self.world.engines.load_s, self.world.preparation.prepare_s = load_s, prepare_s

    @rule(n=st.integers(1, 6))
    def turns(self, n):
        self.world.loop.turn(n)

    @rule(seconds=st.sampled_from([0.0, 0.06, 0.6, 1.1, 2.6, 9.0, 25.0]))
    def time(self, seconds):
        self.world.pass_time(seconds)

    @property
    def here(self):
        return self.world.catalogue.entries

    @invariant()
    def memory_is_never_overdrawn(self):
        live = self.world.engines.live
        assert sum(map(size_of, live)) <= BUDGET
        assert len(live) <= N_WORKERS
        assert len(self.world.residency._room.models) <= N_WORKERS

    @invariant()
    def no_model_has_two_processes(self):
        keys = Counter(
            (one.load.model_path.split(":")[0], one.load.engine.purpose) for one in self.world.engines.live
        )
        assert all(n == 1 for n in keys.values())

    @invariant()
    def a_model_in_use_is_not_unloaded_for_another(self):
        for holder in self.holders:
            if holder.is_in and holder not in self.excused:
                model = self.world.router._models[holder.key]
                assert model.n_active > 0
                assert not model.is_leaving
                assert model.worker.state is not State.DRAINING

    @invariant()
    def only_a_process_can_be_on_its_way_out(self):
        for model in self.world.router._models.values():
            assert model.has_process or not (model.is_leaving or model.closed_for)

    @invariant()
    def nobody_waits_beyond_the_bound(self):
        latest_s = self.world.loop.time() - LOAD_WAIT_S - 2 * (LONGEST_LOAD_S + LONGEST_PREPARE_S)
        waiting = [one for one in self.holders if not (one.is_in or one.is_over)]
        assert all(one.begun_s >= latest_s for one in waiting)

    @invariant()
    def errors_are_those_that_users_may_see(self):
        for holder in self.holders:
            if holder.error is not None:
                assert isinstance(holder.error, CorralError), repr(holder.error)
                assert not isinstance(holder.error, InternalError)

    def teardown(self):
        """Once the others have left, everybody gets a model or an answer, and nothing is left over."""
        self.world.engines.broken.clear()
        for name in self.here:
            self.world.run(self.world.router.pin(name, is_pinned=False))
        for _ in range(2 * len(self.holders) + 2):
            for holder in self.holders:
                holder.let_go()
            self.world.pass_time(LOAD_WAIT_S)
        assert all(one.is_over for one in self.holders)
        self.errors_are_those_that_users_may_see()
        room = self.world.residency._room
        assert not room.queue
        for model in self.world.router._models.values():
            assert (model.n_interested, model.n_active) == (0, 0)
            assert (model.boarding, model.closed_for) == (None, None)
            assert not model.moved._waiting
        self.world.close()


def test_vanished_models_are_forgotten():
    world = World(declared("a"))
    world.run(world.router.unload("a", within_s=0))

    world.declare()

    assert not world.router._models
    assert isinstance(world.hold("a").error, NotFoundError)
    world.close()


# A step is cheap and a failure is not: shrinking would take longer than a test may.
Gateway.TestCase.settings = settings(
    deadline=None,
    stateful_step_count=40,
    max_examples=100,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
TestGateway = Gateway.TestCase
