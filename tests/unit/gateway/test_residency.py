"""Models come and go at awkward moments: played engines, and a clock that is turned by hand."""

import pytest

from corral.catalog.progress import Arrival
from corral.core.errors import ModelLoadError, NotFoundError, QueueFullError, UnavailableError
from corral.core.memory import Memory
from corral.core.settings import StaySettings
from corral.gateway.quarantine import N_FAILURES
from tests.fake_engines import World, entry


@pytest.fixture
def world_of():
    """Give worlds; in the end nothing of them may be left."""
    worlds = []

    def build(*entries, **options):
        worlds.append(World(*entries, **options))
        return worlds[-1]

    yield build
    for world in worlds:
        world.close()


@pytest.fixture
def two(world_of):
    """Two models of which one can be loaded at a time."""
    return world_of(entry("a"), entry("b"), n_workers=1)


def held(world, name, **options):
    holder = world.hold(name, **options)
    world.pass_time(5.0)
    assert holder.is_in
    return holder


def test_a_burst_is_one_load(two):
    burst = [two.hold("a", enters=False) for _ in range(20)]
    two.pass_time(5.0)

    assert all(one.is_in for one in burst)
    assert two.engines.started == ["a"]
    for one in burst:
        one.leave()


def test_who_comes_as_the_last_one_leaves_the_queue_begins_anew(two):
    busy = held(two, "a")
    leaving = two.hold("b")
    leaving.task.cancel()
    two.loop.turn(1)
    coming = two.hold("b", enters=False)
    two.pass_time(1.0)

    assert not coming.is_over
    busy.leave()
    two.pass_time(5.0)
    assert coming.is_in
    coming.leave()


def test_the_time_of_a_download_is_not_taken_from_that_for_room(two):
    busy = held(two, "a")
    two.preparation.prepare_s = 50.0  # longer than room is waited for
    waiting = two.hold("b")
    two.pass_time(55.0)

    assert not waiting.is_over
    assert two.state("b") == "waiting"
    busy.leave()
    two.pass_time(5.0)
    assert waiting.is_in
    waiting.leave()


def test_without_patience_a_model_for_which_there_is_room_is_loaded_all_the_same(world_of):
    world = world_of(entry("a"), entry("b"), n_workers=1, load_wait_s=0.0)

    busy = held(world, "a")
    refused = world.hold("b")

    assert isinstance(refused.error, UnavailableError)
    busy.leave()


def test_a_small_queue_does_not_refuse_a_model_that_is_there(world_of):
    world = world_of(entry("a", max_queue=0))

    first = held(world, "a")
    second = world.hold("a")

    assert second.is_in
    first.leave()
    second.leave()


def test_each_model_has_a_queue_of_its_own_length(world_of):
    world = world_of(entry("a", max_queue=2), entry("b"))

    waiting = [world.hold("a") for _ in range(3)]

    assert [type(one.error) for one in waiting] == [type(None), type(None), QueueFullError]
    assert waiting[2].error.facts["retry_after_s"] == 5
    world.pass_time(5.0)
    for one in waiting:
        one.leave()


def test_an_unload_in_the_moment_of_a_failure_is_no_quarantine(two):
    two.engines.broken["a"] = "crash"
    waiting = two.hold("a")
    two.pass_time(0.99)
    two.channel("a").end("ended by SIGSEGV")
    unloading = two.begin(two.router.unload("a", within_s=0.0))
    two.pass_time(1.0)

    assert unloading.done()
    assert isinstance(waiting.error, UnavailableError)
    assert two.model("a").failures.n <= 1
    assert two.state("a") != "quarantined"


def test_an_unload_that_comes_after_a_failure_counts_it_once(two):
    two.engines.broken["a"] = "it is damaged"
    waiting = two.hold("a")
    two.pass_time(1.0)
    two.supervisor.begin_unload("a", within_s=0.0)
    two.pass_time(1.0)

    assert isinstance(waiting.error, ModelLoadError)
    assert two.model("a").failures.n == 1


def test_a_missing_file_is_told_and_is_no_quarantine(two):
    two.preparation.missing.add("a")
    for _ in range(N_FAILURES + 1):
        asked = two.hold("a")
        assert isinstance(asked.error, ModelLoadError)

    assert (two.state("a"), two.router.view("a").reason) == ("failed", "there is no a")
    two.preparation.missing.clear()
    held(two, "a").leave()
    assert two.router.view("a").reason == ""


def test_a_server_that_stops_begins_no_load_for_those_that_wait(two):
    busy = held(two, "a")
    waiting = two.hold("b")
    late = two.begin(two.supervisor.shutdown(within_s=0.0))
    two.router.close()
    two.pass_time(5.0)

    assert late.done()
    assert isinstance(waiting.error, UnavailableError)
    assert "stopped" in waiting.error.message
    assert two.engines.started == ["a"]
    assert isinstance(two.hold("b").error, UnavailableError)
    busy.leave()


def test_a_declaration_that_changes_during_the_load_is_loaded_next(two):
    two.preparation.prepare_s = 1.0
    first = two.hold("a")
    two.declare(entry("a", "a2"), entry("b"))
    two.pass_time(5.0)
    assert first.is_in
    first.leave()
    two.pass_time(5.0)

    assert two.alive == []
    second = held(two, "a")
    assert two.engines.started == ["a", "a2"]
    second.leave()


def test_a_model_that_is_never_idle_follows_its_declaration_too(two):
    running = held(two, "a")
    two.declare(entry("a", "a2"), entry("b"))
    two.pass_time(3.0)
    coming = two.hold("a")
    assert not coming.is_in
    assert two.router.view("a").reason == "makes way for its new declaration"
    running.leave()
    two.pass_time(5.0)

    assert coming.is_in
    assert two.alive == ["a2"]
    coming.leave()


def test_a_model_that_makes_way_does_not_say_for_which(two):
    running = held(two, "a")
    coming = two.hold("b")
    two.pass_time(3.0)

    assert two.router.view("a").reason == "makes way for another model"
    assert two.router.view("b").reason == "waits until another model is idle"
    running.leave()
    two.pass_time(5.0)
    assert coming.is_in
    coming.leave()


def test_what_does_not_reach_the_engine_asks_for_no_other_process(two):
    running = held(two, "a")
    two.declare(entry("a", stay=StaySettings(ttl_s=60.0)), entry("b"))
    running.leave()
    two.pass_time(5.0)

    assert two.state("a") == "ready"
    assert two.router.view("a").expires_in_s == pytest.approx(55.0)


def test_a_model_whose_files_its_own_load_fetched_is_not_loaded_again(two):
    remote = entry("a")
    absent = type(remote)(definition=remote.definition, format="download")
    two.declare(absent, entry("b"))
    held(two, "a").leave()
    two.declare(entry("a", n_bytes=7, modified_ns=3), entry("b"))
    two.pass_time(3.0)

    assert two.state("a") == "ready"
    two.declare(entry("a", n_bytes=8, modified_ns=4), entry("b"))
    two.pass_time(3.0)
    assert two.state("a") == "unloaded"


def test_a_model_that_vanishes_while_it_is_waited_for_serves_those_who_wait(two):
    waiting = two.hold("a")
    two.declare(entry("b"))
    assert isinstance(two.hold("a").error, NotFoundError)
    two.pass_time(5.0)
    assert waiting.is_in

    waiting.leave()
    two.pass_time(1.0)
    assert two.alive == []


def test_a_model_that_vanishes_and_comes_back_is_one_model(two):
    two.preparation.prepare_s = 2.0
    first = two.hold("a")
    two.pass_time(0.5)
    first.cancel()
    two.declare(entry("b"))
    two.declare(entry("a"), entry("b"))
    second = held(two, "a")

    assert two.alive == ["a"]
    second.leave()


def test_the_first_in_the_queue_keeps_its_room_though_smaller_ones_come(world_of):
    world = world_of(entry("a", n_bytes=6), entry("b", n_bytes=9), entry("c", n_bytes=3), budget=Memory(10))
    busy = held(world, "a")
    big = world.hold("b")
    small = world.hold("c")
    world.pass_time(5.0)

    assert (big.is_in, small.is_in) == (False, False)
    assert world.router.view("c").reason == "waits until another model has had its turn"
    busy.leave()
    world.pass_time(1.5)
    assert (big.is_in, small.is_in) == (True, False)
    big.leave()
    world.pass_time(5.0)
    assert small.is_in
    small.leave()


def test_a_small_model_that_is_in_nobodys_way_does_not_wait_for_a_big_one(world_of):
    world = world_of(entry("a", n_bytes=6), entry("b", n_bytes=8), entry("c", n_bytes=1), budget=Memory(10))
    busy = held(world, "a")
    big = world.hold("b")
    small = held(world, "c")

    assert not big.is_in
    busy.leave()
    world.pass_time(5.0)
    assert big.is_in
    assert world.alive == ["b", "c"]
    big.leave()
    small.leave()


def test_models_that_want_the_only_place_get_it_in_turn(world_of):
    world = world_of(*map(entry, "abcd"), n_workers=1, load_wait_s=200.0)
    holders = [world.hold(name) for name in "abcd"]
    order = []
    for _ in range(8):
        world.pass_time(3.0)
        for one in holders:
            if one.is_in:
                order.append(one.name)
                one.leave()
                if len(order) < 5:
                    holders.append(world.hold(one.name))

    assert order[:8] == list("abcdabcd")
    assert all(one.is_over for one in holders)


def test_a_model_pinned_while_it_is_waited_for_lets_nobody_wait_for_it(two):
    busy = held(two, "a")
    waiting = two.hold("b")
    two.run(two.router.pin("a", is_pinned=True), within_s=0.1)

    assert isinstance(waiting.error, UnavailableError)
    assert "may not be unloaded" in waiting.error.message
    busy.leave()


def test_a_model_pinned_while_it_loads_stays(two):
    loading = two.hold("a")
    two.run(two.router.pin("a", is_pinned=True), within_s=5.0)
    loading.leave()

    assert isinstance(two.hold("b").error, UnavailableError)
    assert two.alive == ["a"]


def test_what_a_model_was_seen_to_take_counts_when_it_comes_back(world_of):
    world = world_of(entry("a", n_bytes=2), entry("b", n_bytes=6), budget=Memory(10))
    world.engines.rss_bytes["a"] = 7
    held(world, "a").leave()
    world.pass_time(6.0)
    world.run(world.router.unload("a", within_s=0.0), within_s=1.0)
    first = held(world, "b")
    second = world.hold("a")
    world.pass_time(1.0)

    assert not second.is_in
    first.leave()
    world.pass_time(5.0)
    assert second.is_in
    second.leave()


def test_a_model_seen_to_take_more_than_the_budget_may_still_come_back(world_of):
    world = world_of(entry("a", n_bytes=2), budget=Memory(10))
    world.engines.rss_bytes["a"] = 12
    held(world, "a").leave()
    world.pass_time(6.0)
    world.run(world.router.unload("a", within_s=0.0), within_s=1.0)

    held(world, "a").leave()


def test_a_model_that_nobody_waits_for_any_more_is_fetched_and_not_loaded(two):
    two.preparation.prepare_s = 10.0
    alone = two.hold("a")
    two.pass_time(1.0)
    alone.cancel()
    two.pass_time(20.0)

    assert two.engines.started == []
    assert two.state("a") == "unloaded"


def test_the_time_of_an_idle_model_begins_when_it_is_there(world_of):
    world = world_of(entry("a", stay=StaySettings(ttl_s=2.0)))
    world.engines.load_s = 1.5
    leaving = world.hold("a")
    world.pass_time(0.1)
    leaving.cancel()
    world.pass_time(2.5)

    assert world.state("a") == "ready"
    world.pass_time(2.0)
    assert world.state("a") == "unloaded"


def test_one_for_another_purpose_can_be_seen_pinned_and_unloaded_by_its_name(two):
    embedding = held(two, "a", purpose="embed")
    embedding.leave()

    pinned = two.run(two.router.pin("a (embed)", is_pinned=True), within_s=0.1)
    assert (pinned.name, pinned.is_pinned) == ("a (embed)", True)
    assert not two.router.view("a").is_pinned
    two.run(two.router.unload("a (embed)", within_s=0.0), within_s=1.0)
    assert two.alive == []


def test_a_model_is_unloaded_for_all_its_purposes_whatever_the_last_rescan_found(world_of):
    world = world_of(entry("a"))
    one = held(world, "a")
    world.declare(entry("a"))  # equal, and another object
    other = held(world, "a", purpose="embed")
    one.leave()
    other.leave()

    world.run(world.router.unload("a", within_s=0.0), within_s=1.0)
    assert world.alive == []


def test_a_loaded_model_has_nothing_to_unload_for_itself(two):
    running = held(two, "a")

    plan = two.router.placement("a")

    assert (plan.verdict.value, plan.evicted, plan.closed) == ("start", (), ())
    running.leave()


def test_a_crash_of_a_model_that_makes_way_gives_its_place_to_who_waits(two):
    busy = held(two, "a")
    waiting = two.hold("b")
    two.pass_time(3.0)
    two.channel("a").end("ended by SIGSEGV")
    two.pass_time(0.1)
    assert not waiting.is_in
    busy.leave()
    two.pass_time(3.0)

    assert waiting.is_in
    assert two.alive == ["b"]
    waiting.leave()


def test_who_waits_is_told_when_to_come_back_by_how_long_the_loads_took(two):
    two.engines.load_s = 12.0
    leaving = two.hold("b")
    two.pass_time(13.0)
    leaving.leave()
    busy = two.hold("a")
    two.pass_time(15.0)
    refused = two.hold("b")
    two.pass_time(21.0)

    assert refused.error.facts["retry_after_s"] == 12
    busy.leave()


def test_a_model_too_large_for_the_budget_gives_no_time_to_come_back(world_of):
    world = world_of(entry("a", n_bytes=11), budget=Memory(10))

    refused = world.hold("a")

    assert "retry_after_s" not in refused.error.facts


def test_a_download_is_told_and_its_late_words_change_nothing(two):
    told = []
    two.preparation.prepare_s = 1.0
    two.preparation.downloads["a"] = [Arrival("f", 50, 100), Arrival("f", 100, 100)]
    waiting = two.hold("a")
    two.pass_time(1.5)
    told.append((two.state("a"), two.router.view("a").progress))
    boarding = two.model("a").boarding
    two.pass_time(5.0)
    boarding._downloaded(0.7)

    assert told == [("downloading", 0.5)]
    assert two.state("a") == "ready"
    waiting.leave()
