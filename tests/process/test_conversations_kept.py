"""A conversation keeps its KV over swaps and restarts of its model, where a disk was given."""

import asyncio
import os
import signal
import sys
import time

import pytest

from corral.catalog.bundled import bundled_model
from corral.core.engine_settings import TierSettings
from corral.gateway.parking import PREFIX, SHARED_MEMORY
from tests.process.many_server import llama_server

CHAT = "Once upon a time there was a chat that was long enough to be kept. " * 8


SLOW_DISK = """
import os, sys, time
from corral.engine.process import main

fsync = os.fsync
os.fsync = lambda fd: (time.sleep(float(sys.argv[1])), fsync(fd))
main()
"""


@pytest.fixture
def folder(tmp_path):
    """A models folder with two names for the bundled model."""
    models = tmp_path / "models"
    models.mkdir()
    for name in ("first", "second"):
        (models / f"{name}.gguf").symlink_to(bundled_model())
    return models


@pytest.fixture
def flags(tmp_path):
    return ["-w", "1", "-np", "1", "-c", "1024", "--cache-disk", "1G", "--cache-disk-path", tmp_path / "kv"]


def said(server, model, prompt, **fields):
    """Return the answer to a prompt, and how many of its tokens came from a cache and were computed."""
    body = {
        "model": model,
        "prompt": prompt,
        "n_predict": 8,
        "temperature": 0,
        "cache_prompt": True,
        **fields,
    }
    answer = server.http.post("/completion", json=body).raise_for_status().json()
    return answer["content"], answer["timings"]["cache_n"], answer["timings"]["prompt_n"]


def test_a_chat_that_is_reopened_after_a_swap_pays_for_its_new_tokens_only(folder, flags):
    with llama_server(folder, *flags) as server:
        first, n_cached, n_computed = said(server, "first", CHAT)
        said(server, "second", "Somebody else asks something.")
        again, n_cached_again, n_computed_again = said(server, "first", CHAT + first + " And then?")

    with llama_server(folder, "-w", "1", "-np", "1", "-c", "1024", "-cram", "0") as server:
        fresh, _, _ = said(server, "first", CHAT + first + " And then?")

    assert n_cached == 0
    assert n_cached_again >= n_computed - 4  # at the border, two texts may become one token
    assert n_computed_again < 20
    assert again == fresh


def test_a_chat_that_is_reopened_after_a_restart_pays_for_its_new_tokens_only(folder, flags):
    with llama_server(folder, *flags) as server:
        _, _, n_prompt = said(server, "first", CHAT)

    with llama_server(folder, *flags) as server:
        _, n_cached, n_computed = said(server, "first", CHAT + "And then?")

    assert n_cached >= n_prompt - 1
    assert n_computed < 20


def parked_by(server):
    return list(SHARED_MEMORY.glob(f"{PREFIX}{server.process.pid}-*"))


@pytest.mark.skipif(not SHARED_MEMORY.is_dir(), reason="nothing can be parked here")
def test_without_a_disk_a_chat_is_parked_over_swaps_and_nothing_is_left_behind(folder, flags):
    flags = flags[: flags.index("--cache-disk")]
    with llama_server(folder, *flags) as server:
        first, _, n_prompt = said(server, "first", CHAT)
        second, _, _ = said(server, "second", "Another: " + CHAT)
        again, n_cached, _ = said(server, "first", CHAT + first + " And then?")
        _, n_cached_of_second, _ = said(server, "second", "Another: " + CHAT + second + " And?")
        (made,) = parked_by(server)

    with llama_server(folder, *flags, "--cache-parked", "0") as server:
        fresh, n_cached_fresh, _ = said(server, "first", CHAT + first + " And then?")
        said(server, "second", "Somebody else asks something.")
        _, n_cached_not_parked, _ = said(server, "first", CHAT + first + " And then?")
        assert parked_by(server) == []

    assert n_cached >= n_prompt - 4
    assert n_cached_of_second >= n_prompt - 4
    assert again == fresh
    assert n_cached_fresh == n_cached_not_parked == 0
    assert not made.exists()


def until_asleep(server):
    while server.view("one")["state"] != "unloaded":
        time.sleep(0.05)


def test_the_only_model_sleeps_before_and_after_its_first_chat_and_goes_on(tmp_path):
    model = tmp_path / "one.gguf"
    model.symlink_to(bundled_model())
    with llama_server(model, "-np", "1", "-c", "1024", "--sleep-idle-seconds", "1") as server:
        until_asleep(server)
        first, n_cached, n_prompt = said(server, "one", CHAT)
        until_asleep(server)
        _, n_cached_again, _ = said(server, "one", CHAT + first + " And then?")

    assert n_cached == 0
    assert n_cached_again >= n_prompt - 4


def test_without_a_disk_a_restart_forgets(folder, flags):
    flags = flags[: flags.index("--cache-disk")]
    with llama_server(folder, *flags) as server:
        said(server, "first", CHAT)

    with llama_server(folder, *flags) as server:
        assert said(server, "first", CHAT)[1] == 0


def test_after_the_engine_was_killed_a_chat_is_computed_again_and_right(folder, flags):
    with llama_server(folder, *flags) as server:
        first, _, _ = said(server, "first", CHAT)
        with server.stream("first") as events:
            next(events)
            os.kill(server.view("first")["pid"], signal.SIGKILL)
            list(events)
        again, _, _ = said(server, "first", CHAT)

    assert again == first


def test_chats_that_share_one_slot_take_turns_from_host_memory(folder):
    with llama_server(folder, "-np", "1", "-c", "1024") as server:
        chats = [f"{name}: {CHAT}" for name in ("Ann", "Bob", "Cy")]
        answers = [said(server, "first", chat) for chat in chats]
        again = [said(server, "first", chat) for chat in chats]

    assert [answer[0] for answer in again] == [answer[0] for answer in answers]
    assert all(n_computed == 1 for _, _, n_computed in again)


def on_slow_disk(loaded, folder, *, sync_s):
    """Open a gateway over an engine whose disk takes so long for each file."""
    tiers = TierSettings(disk_bytes=10**9, disk_dir=str(folder))
    return loaded(argv=(sys.executable, "-c", SLOW_DISK, str(sync_s)), tiers=tiers)


async def chat(gateway):
    async with gateway.generate(max_tokens=3, prompt=CHAT) as generation:
        return [item async for item in generation]


def test_an_engine_that_is_unloaded_has_the_time_to_save_what_it_held(loaded, tmp_path):
    async def act():
        async with on_slow_disk(loaded, tmp_path, sync_s=3.0) as gateway:  # longer than an idle one may take
            await chat(gateway)
            await gateway.supervisor.unload("model", within_s=0.0)
            await gateway.load()
            return await chat(gateway)

    start, *_ = asyncio.run(act())

    assert start.n_cached >= len(CHAT)
    assert not list(tmp_path.rglob("*.tmp"))


def half_written(folder):
    """Return what has been begun; one that is still empty may be locked any moment, and is left alone."""
    return [path for path in folder.rglob("*.tmp") if path.stat().st_size]


def test_half_a_file_of_an_engine_that_was_killed_is_gone_with_the_next_start(loaded, tmp_path):
    async def act():
        async with on_slow_disk(loaded, tmp_path, sync_s=60.0) as gateway:
            await chat(gateway)
            unloading = asyncio.create_task(gateway.supervisor.unload("model", within_s=0.0))
            while not (half := half_written(tmp_path)):  # noqa: ASYNC110 (another process makes it)
                await asyncio.sleep(0)
            os.kill(gateway.worker().process.pid, signal.SIGKILL)
            await unloading
            assert half == half_written(tmp_path)
            await gateway.load()
            return [path.name for path in tmp_path.rglob("*")]

    assert asyncio.run(act()) == ["fake"]
