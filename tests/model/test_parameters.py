"""Settings of model and context, seen in what a loaded model says of itself and what it computes."""

from __future__ import annotations

import llama_cpp
import numpy as np
import pytest

from corral.core.engine_settings import CpuSettings, DeviceSettings, EngineSettings, RopeSettings
from corral.core.errors import ModelLoadError
from corral.engine.llama import runner as llama_runner

TEXT = "Once upon a time there was a corral with a white fence, and behind it stood seven horses."
QUANTISED = ("q8_0", "q5_1", "q5_0", "q4_1", "q4_0", "iq4_nl")


def logits(engine, text=TEXT):
    """Return the logits after `text`, computed in one decode on an empty sequence."""
    runner = engine.runner
    tokens = runner.vocabulary.tokenize(text, add_special=False, parse_special=False)
    runner.memory.clear(0)
    runner.batch.clear()
    runner.batch.add_chunk(np.array(tokens, np.int32), 0, 0, is_last_output=True)
    runner.decode(len(tokens))
    pointer = llama_cpp.llama_get_logits(runner._context.pointer)
    return np.ctypeslib.as_array(pointer, shape=(runner.vocabulary.n_tokens,)).copy()


def load(path, **settings):
    return llama_runner.load(str(path), EngineSettings(n_ctx=256, n_parallel=1, **settings), lambda _: None)


def distance(first, second):
    return float(np.abs(first - second).max())


@pytest.fixture
def computed(make_engine):
    """Return a function from settings to the logits of a fixed text, with one slot."""

    def compute(kind="llama", **settings):
        engine = make_engine(kind, n_ctx=256, n_parallel=1, **settings)
        return logits(engine)

    return compute


def test_sizes_are_read_back(make_engine):
    pointer = make_engine(
        n_ctx=1024,
        n_parallel=2,
        n_batch=96,
        n_ubatch=32,
        cpu=CpuSettings(n_threads=1),
        cpu_batch=CpuSettings(n_threads=2),
    ).runner._context.pointer

    assert llama_cpp.llama_n_ctx(pointer) == 1024
    assert llama_cpp.llama_n_ctx_seq(pointer) == 512
    assert llama_cpp.llama_n_seq_max(pointer) == 2
    assert llama_cpp.llama_n_batch(pointer) == 96
    assert llama_cpp.llama_n_ubatch(pointer) == 32
    assert llama_cpp.llama_n_threads(pointer) == 1
    assert llama_cpp.llama_n_threads_batch(pointer) == 2


@pytest.mark.parametrize(
    "settings",
    [
        {"n_ctx": 128, "n_parallel": 1},
        {"n_ctx": 512, "n_parallel": 4},
        {"n_ctx": 512, "n_parallel": 4, "is_kv_unified": True},
        {"n_ctx": 128, "n_parallel": None},
        {"n_ctx": None, "n_parallel": 3, "n_ctx_slot": 128},
        {"n_ctx": 1024, "n_parallel": 2, "n_ctx_slot": 128, "is_kv_unified": True},
    ],
    ids=["one slot", "streams", "unified", "auto", "per slot", "per slot, unified"],
)
def test_a_context_of_128_stays_128(make_engine, settings):
    engine = make_engine(**settings)

    tokens, end = engine.generate("a" * 100, max_tokens=None, is_until_context_full=True)

    assert engine.runner.facts.n_ctx == 128
    assert 100 + len(tokens) == 128
    assert end.reason.value == "length"


@pytest.mark.parametrize(
    "rope",
    [
        RopeSettings(freq_base=100.0),
        RopeSettings(freq_scale=0.25),
        RopeSettings(scaling="yarn", freq_scale=0.25),
    ],
)
def test_positions_change_the_logits(computed, rope):
    assert distance(computed(), computed(rope=rope)) > 0.01


def test_a_scale_without_scaling_changes_nothing(computed):
    scaled = computed(rope=RopeSettings(scaling="none", freq_scale=0.25))

    assert distance(computed(), scaled) == 0


@pytest.mark.parametrize(
    "more",
    [
        {"yarn_orig_ctx": 16},
        {"yarn_ext_factor": 0.0},
        {"yarn_ext_factor": 0.0, "yarn_attn_factor": 2.0},
        {"yarn_beta_slow": 20.0},
        {"yarn_beta_fast": 2.0},
    ],
    ids="+".join,
)
def test_every_number_of_yarn_changes_the_logits(computed, more):
    yarn = {"scaling": "yarn", "freq_scale": 0.25}

    plain, changed = computed(rope=RopeSettings(**yarn)), computed(rope=RopeSettings(**yarn, **more))

    assert distance(plain, changed) > 0.001


@pytest.mark.parametrize("name", ["f32", "bf16", *QUANTISED])
def test_every_type_of_cache_computes_much_the_same(computed, name):
    plain, changed = computed("wide_heads"), computed("wide_heads", kv_type_k=name, kv_type_v=name)

    assert np.corrcoef(plain, changed)[0, 1] > (0.99 if name in ("f32", "bf16") else 0.85)


@pytest.mark.parametrize("name", ["f32", "f16", "bf16", *QUANTISED])
def test_a_type_of_cache_takes_as_much_as_was_estimated(make_engine, name):
    engine = make_engine("wide_heads", n_ctx=256, n_parallel=1, kv_type_k=name, kv_type_v="f16")
    logits(engine, "a" * 120)

    n_bytes = llama_cpp.llama_state_seq_get_size(engine.runner._context.pointer, 0)

    assert n_bytes / 120 == pytest.approx(engine.runner._context.cell_bytes, rel=0.1)


def test_a_quantised_cache_for_small_heads_is_refused(make_engine):
    with pytest.raises(ModelLoadError, match="--cache-type-k q8_0: blocks of 32 do not divide"):
        make_engine("llama", kv_type_k="q8_0")


@pytest.mark.parametrize("mode", ["auto", "none", "mmap", "mlock", "mmap+mlock", "dio"])
def test_every_way_of_loading_loads_the_same_model(computed, mode):
    assert distance(computed(), computed(load_mode=mode)) == 0


@pytest.mark.parametrize("mode", ["on", "off"])
def test_reading_lazily_or_not_loads_the_same_model(computed, mode):
    assert distance(computed(), computed(lazy_mode=mode)) == 0


def test_an_overridden_header_value_counts(computed):
    overridden = computed(kv_overrides=(("llama.rope.freq_base", 100.0),))

    assert distance(overridden, computed(rope=RopeSettings(freq_base=100.0))) == 0


def test_an_overridden_switch_of_the_vocabulary_counts(make_engine):
    assert not make_engine().runner.facts.is_bos_added
    assert make_engine(kv_overrides=(("tokenizer.ggml.add_bos_token", True),)).runner.facts.is_bos_added


def test_invalid_weights_are_found_where_that_is_asked_for(tmp_path, model_path):
    whole = bytearray(model_path("llama").read_bytes())
    whole[-4:] = np.array([np.nan], np.float32).tobytes()
    path = tmp_path / "spoilt.gguf"
    path.write_bytes(whole)

    load(path).close()
    with pytest.raises(ModelLoadError, match=r"spoilt\.gguf"):
        load(path, are_tensors_checked=True)


@pytest.mark.parametrize(
    "device",
    [
        DeviceSettings(is_repacked=False),
        DeviceSettings(has_host_buffers=False),
        DeviceSettings(devices=()),
        DeviceSettings(tensor_overrides=((".*", "CPU"),)),
        DeviceSettings(is_cpu_moe=True, n_cpu_moe=1, n_cpu_ffn=2),
        DeviceSettings(is_kv_offloaded=False, is_op_offloaded=False),
        DeviceSettings(split_mode="none", tensor_split=(1.0,)),
    ],
)
def test_where_weights_lie_does_not_change_the_logits(computed, device):
    assert distance(computed(), computed(device=device)) < 0.01


def test_a_pattern_that_is_none_is_refused(make_engine):
    with pytest.raises(ModelLoadError, match="failed to load model"):
        make_engine(device=DeviceSettings(tensor_overrides=(("[", "CPU"),)))


def test_an_absurd_context_is_refused_in_words(make_engine):
    with pytest.raises(ModelLoadError, match=r"its KV cache takes .* GiB and the machine has"):
        make_engine(n_ctx=2**31 - 512, n_parallel=1)


def test_numa_is_said_before_the_load(computed):
    assert distance(computed(), computed(numa="distribute")) == 0


def test_timings_are_logged_at_the_end(make_engine, events):
    engine = make_engine(has_perf=True)
    engine.generate("once", max_tokens=8)

    engine.runner._context._log_perf()

    (fields,) = [fields for event, fields in events if event == "llama.perf"]
    assert fields["n_decode"] >= 7
    assert fields["decode_ms"] > 0


def test_timings_can_be_switched_off(make_engine, events):
    engine = make_engine(has_perf=False)
    engine.generate("once", max_tokens=8)

    engine.runner._context._log_perf()

    (fields,) = [fields for event, fields in events if event == "llama.perf"]
    assert fields["decode_ms"] == 0


def test_a_dumped_cache_shows_positions_and_tokens(make_engine, events):
    engine = make_engine(is_kv_dumped=True)

    tokens, _ = engine.generate("abc", max_tokens=5)

    (fields,) = [fields for event, fields in events if event == "kv.dump"]
    prompt = engine.runner.vocabulary.tokenize("abc", add_special=False, parse_special=False)
    assert fields["tokens"] == [*prompt, *tokens[:-1]]
    assert (fields["pos_min"], fields["pos_max"]) == (0, len(prompt) + 3)


def test_nothing_is_dumped_unasked(make_engine, events):
    make_engine().generate("abc", max_tokens=5)

    assert not [event for event, _ in events if event == "kv.dump"]
