"""Prefixes that left the cells of real llama.cpp and came back: the same text as recomputed."""

from __future__ import annotations

import pytest

from corral.core.clock import MonotonicClock
from corral.engine.kv import KvLedger
from corral.engine.scheduler import Scheduler
from corral.engine.slot_file import Taker
from corral.engine.tiers.arrivals import Arrivals
from corral.engine.tiers.disk import DiskTier
from corral.engine.tiers.host import HostTier
from corral.engine.tiers.tiers import Tiers

CHATS = [
    f"{name} once told a story of some length, and it went like this: " * 2 for name in ("Ann", "Bob", "Cy")
]
KINDS = ("llama", "windowed", "recurrent")
EXACT = {"flash_attn": "off"}


@pytest.fixture
def make_tiered(make_engine, tmp_path):
    """Return a function that makes an engine of two sequences with tiers; all of them share one disk."""

    def make(kind, host_bytes=None, **settings):
        engine = make_engine(kind, n_parallel=2, n_ctx=1024, **EXACT, **settings)
        runner = engine.runner
        disk = DiskTier(
            str(tmp_path), 2**30, Taker(runner.fingerprint, runner.facts.n_vocab, runner.facts.n_ctx)
        )
        engine.tiers = Tiers(HostTier(host_bytes, is_trimmable=runner.is_trimmable), disk)
        engine.deeds = []
        arrivals = Arrivals(engine.tiers, lambda _, act: engine.deeds.append(act))
        engine.scheduler = Scheduler(runner, engine.settings, MonotonicClock(), engine.tiers, arrivals)
        return engine

    return make


def generate(engine, prompt):
    request_id = engine.submit(prompt, max_tokens=12)
    while not engine.scheduler.is_done:
        while engine.deeds:
            engine.events += engine.deeds.pop(0)()
        engine.run()
    return engine.tokens(request_id), engine.end(request_id).n_cached


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("is_kv_unified", [False, True])
def test_a_chat_that_comes_back_from_host_memory_goes_on_as_recomputed(
    make_tiered, make_engine, kind, is_kv_unified
):
    engine, fresh = make_tiered(kind, is_kv_unified=is_kv_unified), make_engine(kind, **EXACT)
    answers = {}
    for chat in CHATS:
        tokens, _ = generate(engine, chat)
        said = "".join(chr(token) for token in tokens if 0 < token < 128)
        answers[chat] = chat + said if kind == "llama" else chat

    tokens, n_cached = generate(engine, answers[CHATS[0]] + "And then?")

    assert tokens == fresh.generate(answers[CHATS[0]] + "And then?", max_tokens=12)[0]
    assert n_cached >= len(CHATS[0]) or kind != "llama"


def test_a_model_that_cannot_be_cut_takes_up_a_whole_history_again(make_tiered, make_engine):
    engine, fresh = make_tiered("recurrent"), make_engine("recurrent", **EXACT)
    first, _ = generate(engine, CHATS[0])
    for chat in CHATS[1:]:
        generate(engine, chat)
    history = engine.intake.tokenize([CHATS[0]], is_bos_wanted=True, has_special=True) + first[:-1]

    request_id = engine.submit([*history, 65, 66], max_tokens=12)
    engine.run()

    alone = fresh.submit([*history, 65, 66], max_tokens=12)
    fresh.run()
    assert engine.end(request_id).n_cached == len(history)
    assert engine.tokens(request_id) == fresh.tokens(alone)


@pytest.mark.parametrize("kind", ["llama", "recurrent"])
def test_a_chat_comes_back_from_disk_after_a_restart(make_tiered, make_engine, kind):
    before = make_tiered(kind)
    first, _ = generate(before, CHATS[0])
    before.scheduler.ledger.rescue_idle()
    before.tiers.close()
    history = before.intake.tokenize([CHATS[0]], is_bos_wanted=True, has_special=True) + first[:-1]
    after, fresh = make_tiered(kind), make_engine(kind, **EXACT)

    tokens, n_cached = generate(after, [*history, 65])

    alone = fresh.submit([*history, 65], max_tokens=12)
    fresh.run()
    assert tokens == fresh.tokens(alone)
    assert n_cached == len(history)
    after.tiers.close()


def test_another_build_of_memory_finds_nothing(make_tiered):
    before = make_tiered("llama")
    generate(before, CHATS[0])
    before.scheduler.ledger.rescue_idle()
    before.tiers.close()

    after = make_tiered("llama", kv_type_k="f32")

    assert generate(after, CHATS[0])[1] == 0
    after.tiers.close()


def test_a_state_that_llama_cpp_refuses_is_recomputed(make_tiered, make_engine, monkeypatch):
    engine, fresh = make_tiered("llama"), make_engine("llama", **EXACT)
    for chat in CHATS:
        generate(engine, chat)
    ledger = engine.scheduler.ledger
    assert isinstance(ledger, KvLedger)
    monkeypatch.setattr(type(engine.runner.memory), "set_state", lambda *_: False)

    tokens, n_cached = generate(engine, CHATS[0] + "!")

    assert (tokens, n_cached) == (fresh.generate(CHATS[0] + "!", max_tokens=12)[0], 0)
