"""What happens to files that are no models, and what a loaded one says of itself."""

from __future__ import annotations

import pytest

from corral.core.engine_settings import EngineSettings
from corral.core.errors import ModelLoadError
from corral.engine.llama import runner as llama_runner
from corral.engine.llama.cores import n_threads_for
from corral.engine.llama.shape import AUTO_KV_BYTES, shape

GIB = 1024**3


@pytest.mark.parametrize("content", [b"", b"GGUF", b"not a model at all" * 100], ids=["empty", "cut", "text"])
def test_a_file_that_is_no_model_is_refused_with_its_name(tmp_path, content):
    path = tmp_path / "broken.gguf"
    path.write_bytes(content)

    with pytest.raises(ModelLoadError, match=r"broken\.gguf"):
        llama_runner.load(str(path), EngineSettings(), lambda _: None)


def test_a_truncated_model_is_refused(tmp_path, model_path):
    whole = model_path("llama").read_bytes()
    path = tmp_path / "half.gguf"
    path.write_bytes(whole[: len(whole) // 2])

    with pytest.raises(ModelLoadError, match=r"half\.gguf"):
        llama_runner.load(str(path), EngineSettings(), lambda _: None)


def test_facts_of_a_model(make_engine):
    facts = make_engine(n_ctx=512, n_parallel=4).runner.facts

    assert (facts.architecture, facts.n_vocab, facts.n_embd) == ("llama", 257, 64)
    assert (facts.n_ctx, facts.n_slots, facts.n_ctx_train) == (128, 4, 256)
    assert facts.eos_text == "<|end|>"


def test_asked_for_slots_share_the_context():
    shared = shape(EngineSettings(n_ctx=2048, n_parallel=4), 4096, 1000, 64 * GIB)

    assert (shared.n_ctx, shared.n_slots, shared.n_cells) == (512, 4, 2048)


def test_unasked_for_slots_have_all_of_it_each():
    auto = shape(EngineSettings(), 4096, 1000, 64 * GIB)

    assert (auto.n_ctx, auto.n_slots) == (4096, 4)


def test_unasked_for_slots_never_cost_more_than_their_budget():
    auto = shape(EngineSettings(n_ctx=32768), 32768, 128 * 1024, 64 * GIB)

    assert auto.n_slots == AUTO_KV_BYTES // (32768 * 128 * 1024)


def test_one_slot_is_always_there():
    assert shape(EngineSettings(n_ctx=10**6), 32768, 10**6, GIB).n_slots == 1


@pytest.mark.parametrize(("mib", "n_threads"), [(4, 1), (63, 1), (64, 2), (10_000, 8)])
def test_a_small_model_gets_as_many_threads_as_it_is_worth(mib, n_threads):
    assert n_threads_for(mib * 1024**2, 8) == n_threads
