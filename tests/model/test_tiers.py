"""Prefixes that left the cells of real llama.cpp and came back: the same text as recomputed."""

from __future__ import annotations

import pytest

from corral.core.clock import MonotonicClock
from corral.engine.kv import KvLedger
from corral.engine.scheduler import Scheduler
from corral.engine.slot_file import Taker
from corral.engine.tiers.arrivals import Arrivals
from corral.engine.tiers.checkpoints import Checkpoints
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

    def make(kind, host_bytes=None, checkpoints=None, **settings):
        engine = make_engine(kind, n_parallel=2, n_ctx=1024, **EXACT, **settings)
        runner = engine.runner
        taker = Taker(runner.fingerprint, runner.facts.n_vocab, runner.facts.n_ctx)
        is_trimmable = runner.is_trimmable
        disk = DiskTier(str(tmp_path), 2**30, taker, is_trimmable=is_trimmable)
        engine.tiers = Tiers(HostTier(host_bytes, is_trimmable=is_trimmable), disk, checkpoints)
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
    engine, fresh = make_tiered(kind, is_kv_unified=is_kv_unified), make_engine(kind, n_parallel=2, **EXACT)
    answers = {}
    for chat in CHATS:
        tokens, _ = generate(engine, chat)
        said = "".join(chr(token) for token in tokens if 0 < token < 128)
        answers[chat] = chat + said if kind == "llama" else chat

    tokens, n_cached = generate(engine, answers[CHATS[0]] + "And then?")

    assert tokens == fresh.generate(answers[CHATS[0]] + "And then?", max_tokens=12)[0]
    assert n_cached >= len(CHATS[0]) or kind != "llama"


def test_a_model_that_cannot_be_cut_takes_up_a_whole_history_again(make_tiered, make_engine):
    engine, fresh = make_tiered("recurrent"), make_engine("recurrent", n_parallel=2, **EXACT)
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
    after, fresh = make_tiered(kind), make_engine(kind, n_parallel=2, **EXACT)

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


UNCUTTABLE = ("recurrent", "windowed")
LONG = "Once upon a time there was a wood, and in it lived a fox who told the crows of the wide sea. " * 3


def answers(engine, fresh, *prompts):
    """Return how many tokens of each prompt were cached, all answers being as without a cache."""
    n_cached = []
    for prompt in prompts:
        tokens, n = generate(engine, prompt)
        assert tokens == fresh.generate(prompt, max_tokens=12, is_cache_wanted=False)[0]
        n_cached.append(n)
    return n_cached


@pytest.mark.parametrize("kind", UNCUTTABLE)
@pytest.mark.parametrize("is_kv_unified", [False, True])
def test_a_regenerated_answer_computes_the_last_prompt_token_alone(
    make_tiered, make_engine, kind, is_kv_unified
):
    engine = make_tiered(kind, checkpoints=Checkpoints(32), is_kv_unified=is_kv_unified)
    fresh = make_engine(kind, n_parallel=2, **EXACT)

    assert answers(engine, fresh, LONG, LONG, LONG) == [0, len(LONG) - 1, len(LONG) - 1]


@pytest.mark.parametrize("kind", UNCUTTABLE)
def test_an_edited_turn_computes_what_follows_the_turn_before(make_tiered, make_engine, kind):
    engine, fresh = make_tiered(kind, checkpoints=Checkpoints(32)), make_engine(kind, n_parallel=2, **EXACT)
    said, _ = generate(engine, LONG)
    history = engine.intake.tokenize([LONG], is_bos_wanted=True, has_special=True) + said[:-1]
    first, second = ([*history, *text.encode()] for text in ("And the sea? " * 8, "And the fox? " * 8))

    _, n_cached = generate(engine, first)
    tokens, n_edited = generate(engine, second)

    alone = fresh.submit(second, max_tokens=12)
    fresh.run()
    assert tokens == fresh.tokens(alone)
    assert n_cached == len(history)
    assert n_edited == len(LONG) - 1  # the answer is too short for a checkpoint of its own


@pytest.mark.parametrize("kind", UNCUTTABLE)
def test_a_prompt_changed_in_its_middle_computes_what_follows_the_last_checkpoint(
    make_tiered, make_engine, kind
):
    engine = make_tiered(kind, checkpoints=Checkpoints(32, min_step=64), n_batch=32)
    fresh = make_engine(kind, n_parallel=2, **EXACT)
    changed = LONG[:200] + "but then" + LONG[208:]

    assert answers(engine, fresh, LONG, changed) == [0, 192]


@pytest.mark.parametrize("kind", UNCUTTABLE)
def test_several_answers_to_one_prompt_compute_it_once(make_tiered, make_engine, kind):
    engine, fresh = make_tiered(kind, checkpoints=Checkpoints(32)), make_engine(kind, n_parallel=2, **EXACT)

    request_id = engine.submit(LONG, max_tokens=12, n=2)
    engine.run()

    alone = fresh.generate(LONG, max_tokens=12)[0]
    assert [engine.tokens(request_id, i) for i in range(2)] == [alone, alone]
    assert engine.end(request_id, 1).n_cached == len(LONG) - 1


@pytest.mark.parametrize("kind", UNCUTTABLE)
def test_a_checkpoint_comes_back_from_disk(make_tiered, make_engine, kind):
    before = make_tiered(kind, checkpoints=Checkpoints(32))
    generate(before, LONG)
    before.tiers.close()
    after, fresh = make_tiered(kind), make_engine(kind, n_parallel=2, **EXACT)

    assert answers(after, fresh, LONG) == [len(LONG) - 1]
    after.tiers.close()


def test_without_checkpoints_all_is_computed_again(make_tiered, make_engine):
    engine, fresh = (
        make_tiered("recurrent", checkpoints=Checkpoints(0)),
        make_engine("recurrent", n_parallel=2, **EXACT),
    )

    assert answers(engine, fresh, LONG, LONG) == [0, 0]


def test_what_the_window_of_a_context_left_behind_is_kept_as_a_plain_prefix(make_tiered, make_engine):
    """The end of a sequence that was shifted is no prefix of anything: only what was kept before it is."""
    engine, fresh = make_tiered("llama"), make_engine("llama", **EXACT, n_ctx=512, n_parallel=1)
    request_id = engine.submit(LONG, max_tokens=400, n_keep=150)
    engine.run()
    assert engine.end(request_id).is_truncated
    for chat in CHATS:
        generate(engine, chat)

    tokens, n_cached = generate(engine, LONG)

    assert tokens == fresh.generate(LONG, max_tokens=12)[0]
    assert n_cached == 150
