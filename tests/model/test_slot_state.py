"""Slot files over real llama.cpp: what comes back is what was there, and nothing else is taken."""

from __future__ import annotations

import ctypes

import llama_cpp
import numpy as np
import pytest

from corral.core.errors import InvalidRequestError
from corral.engine import slot_file
from corral.engine.kv_state import is_plain_state
from corral.engine.prefixes import Space
from corral.engine.slot_file import MAGIC, VERSION, SlotContent, Taker

PROMPT = "the quick brown fox jumps over the lazy dog"


def taker_of(engine):
    return Taker(engine.runner.fingerprint, engine.runner.facts.n_vocab, engine.runner.facts.n_ctx)


def save(engine, slot, path):
    _, tokens = engine.scheduler.ledger.content(slot)
    content = SlotContent(tokens, engine.runner.memory.state(slot))
    slot_file.write(str(path), content, engine.runner.fingerprint)


def restore(engine, slot, path):
    content = slot_file.read(str(path), taker_of(engine))
    engine.scheduler.ledger.erase(slot)
    assert engine.runner.memory.set_state(slot, content.state)
    engine.scheduler.ledger.fill(slot, Space(), content.tokens)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "slot.bin"


def test_format_is_that_of_the_library():
    assert (MAGIC, VERSION) == (llama_cpp.LLAMA_STATE_SEQ_MAGIC, llama_cpp.LLAMA_STATE_SEQ_VERSION)


@pytest.mark.parametrize("is_kv_unified", [False, True], ids=["streams", "unified"])
@pytest.mark.parametrize("kv_type", ["f16", "q8_0"])
def test_a_restored_slot_answers_as_if_it_had_never_gone(make_engine, path, is_kv_unified, kv_type):
    settings = {"is_kv_unified": is_kv_unified, "kv_type_k": kv_type}
    first, second = (make_engine("wide_heads", **settings) for _ in range(2))
    answer, _ = first.generate(PROMPT, slot=0)
    save(first, 0, path)

    restore(second, 2, path)
    again, end = second.generate(PROMPT)

    assert again == answer
    assert end.n_prompt_tokens - end.n_cached == 1


@pytest.mark.parametrize("kind", ["recurrent", "windowed"])
def test_a_conversation_goes_on_where_memory_cannot_be_cut(make_engine, path, kind):
    first, second, fresh = (make_engine(kind) for _ in range(3))
    answer, _ = first.generate(PROMPT, slot=0)
    save(first, 0, path)
    turn = [*PROMPT.encode(), *answer, *b" and then"]

    restore(second, 1, path)
    again, end = second.generate(turn)

    assert again == fresh.generate(turn, is_cache_wanted=False)[0]
    assert end.n_cached == len(PROMPT) + len(answer) - 1


def test_other_slots_are_left_alone(make_engine, path):
    engine = make_engine()
    answer, _ = engine.generate(PROMPT, slot=0)
    other, _ = engine.generate("something else", slot=1)
    save(engine, 0, path)
    restore(engine, 2, path)

    assert engine.generate("something else", slot=1)[0] == other
    assert engine.generate(PROMPT, slot=0)[0] == answer
    assert engine.generate(PROMPT, slot=2)[0] == answer


def test_an_empty_slot_can_be_saved_and_restored(make_engine, path):
    engine = make_engine()
    engine.generate(PROMPT, slot=0)
    save(engine, 1, path)

    restore(engine, 0, path)

    assert engine.generate(PROMPT, slot=0)[1].n_cached == 0


def test_a_file_of_another_model_is_refused(make_engine, path):
    save_one(make_engine("llama"), path)

    others = [make_engine("wide_heads"), make_engine("llama", kv_type_k="f32"), make_engine("recurrent")]
    for engine in others:
        with pytest.raises(InvalidRequestError, match="Unable to restore slot"):
            restore(engine, 0, path)


def test_a_file_of_a_larger_context_is_refused(make_engine, path):
    save_one(make_engine(n_ctx=4096), path, max_tokens=400)

    with pytest.raises(InvalidRequestError, match="Unable to restore slot"):
        restore(make_engine(), 0, path)


def test_a_smaller_context_takes_what_fits(make_engine, path):
    answer = save_one(make_engine(n_ctx=4096), path)
    engine = make_engine()

    restore(engine, 0, path)

    assert engine.generate(PROMPT)[0] == answer


def save_one(engine, path, **fields):
    answer, _ = engine.generate(PROMPT, slot=0, **fields)
    save(engine, 0, path)
    return answer


def test_memory_refuses_another_number_of_streams_and_stays_usable(make_engine):
    four, two = make_engine(), make_engine(n_parallel=2)
    answer, _ = four.generate(PROMPT, slot=0)
    state = four.runner.memory.state(0)

    assert not two.runner.memory.set_state(0, state)

    assert two.generate(PROMPT, slot=0, is_cache_wanted=False)[0] == answer


def llama_save(engine, slot, path, tokens):
    array = (ctypes.c_int32 * len(tokens))(*tokens)
    context = engine.runner._context.pointer
    return llama_cpp.llama_state_seq_save_file(context, str(path).encode(), slot, array, len(tokens))


def llama_load(engine, slot, path):
    tokens, n_tokens = (ctypes.c_int32 * 1024)(), ctypes.c_size_t()
    context = engine.runner._context.pointer
    size = llama_cpp.llama_state_seq_load_file(
        context, str(path).encode(), slot, tokens, 1024, ctypes.byref(n_tokens)
    )
    return size, list(tokens[: n_tokens.value])


def test_llama_cpp_reads_our_files(make_engine, path):
    engine = make_engine()
    answer, _ = engine.generate(PROMPT, slot=0)
    save(engine, 0, path)

    size, tokens = llama_load(engine, 3, path)

    assert size > 0
    assert bytes(tokens) == PROMPT.encode() + bytes(answer)[:-1]


@pytest.mark.parametrize("is_kv_unified", [False, True], ids=["streams", "unified"])
def test_we_read_files_of_llama_cpp(make_engine, path, is_kv_unified):
    engine = make_engine(is_kv_unified=is_kv_unified)
    answer, _ = engine.generate(PROMPT, slot=0)
    _, tokens = engine.scheduler.ledger.content(0)
    assert llama_save(engine, 0, path, tokens.tolist()) > 0

    restore(engine, 1, path)
    engine.scheduler.ledger.erase(0)

    again, end = engine.generate(PROMPT, slot=1)
    assert (again, end.n_prompt_tokens - end.n_cached) == (answer, 1)


@pytest.mark.parametrize("kind", ["recurrent", "windowed"])
def test_files_of_llama_cpp_for_other_kinds_of_memory_are_refused(make_engine, path, kind):
    engine = make_engine(kind)
    engine.generate(PROMPT, slot=0)
    _, tokens = engine.scheduler.ledger.content(0)
    llama_save(engine, 0, path, tokens.tolist())

    with pytest.raises(InvalidRequestError, match="Unable to restore slot"):
        restore(engine, 1, path)


def test_whatever_passes_our_check_llama_cpp_takes_or_refuses(make_engine):
    """Every word of a state, replaced by what is likely to lead astray: the process survives all of it."""
    engine = make_engine()
    engine.generate("hello", max_tokens=2)
    state = engine.runner.memory.state(0)
    n_tokens = len(engine.scheduler.ledger.content(0)[1])
    assert is_plain_state(state, n_tokens)
    n_words = 4 + 3 * n_tokens + 2 + 8
    n_passed = 0

    for at in range(n_words):
        for word in (0, 1, 2, 7, 255, 0x7FFFFFFF, 0xFFFFFFFF):
            wrong = state.copy()
            wrong[at * 4 : at * 4 + 4] = np.array([word], "<u4").view(np.uint8)
            if is_plain_state(wrong, n_tokens):
                n_passed += 1
                engine.runner.memory.set_state(1, wrong)

    assert n_passed > 20
    assert engine.generate("hello", max_tokens=2, slot=2)[1].n_predicted == 2
