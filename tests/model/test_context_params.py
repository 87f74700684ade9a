"""Every setting of a context arrives in `llama_context_params`; what C would trip over is refused."""

from __future__ import annotations

import os

import pytest

from corral.core.engine_settings import CpuSettings, DeviceSettings, EngineSettings, RopeSettings
from corral.core.errors import ModelLoadError
from corral.engine.llama.context_params import Heads, check_kv_types, check_memory, context_params
from corral.engine.llama.cores import n_physical_cores
from corral.engine.llama.kv_types import KV_TYPES
from corral.engine.llama.shape import Shape, shape

GIB = 1024**3
HEADS = Heads(n_kv=4, key=64, value=64)


def _params(shared=Shape(1024, 2), **settings):  # noqa: B008 - it is frozen
    return context_params(EngineSettings(**settings), shared, GIB)


def test_the_shape():
    params = _params(Shape(300, 3))

    assert (params.n_ctx, params.n_seq_max) == (3 * 512, 3)


def test_batches():
    params = _params(n_batch=64, n_ubatch=32)

    assert (params.n_batch, params.n_ubatch) == (64, 32)


def test_a_physical_batch_is_never_larger_than_the_logical_one():
    assert _params(n_batch=64, n_ubatch=512).n_ubatch == 64


def test_a_batch_smaller_than_the_number_of_sequences_has_a_row_for_each(make_engine):
    engine, plain = make_engine(n_batch=1, n_parallel=4), make_engine()
    prompts = ["one", "two words", "three more words", "and the fourth of them"]

    ids = [engine.submit(prompt) for prompt in prompts]
    engine.run()

    assert [engine.tokens(i) for i in ids] == [plain.generate(prompt)[0] for prompt in prompts]


def test_threads_as_asked():
    params = _params(cpu=CpuSettings(n_threads=3), cpu_batch=CpuSettings(n_threads=5))

    assert (params.n_threads, params.n_threads_batch) == (3, 5)


def test_prompts_have_as_many_threads_unless_told_otherwise():
    assert _params(cpu=CpuSettings(n_threads=3)).n_threads_batch == 3


def test_threads_unasked_for_are_the_cores():
    assert _params().n_threads == n_physical_cores()


def test_all_threads():
    params = _params(cpu=CpuSettings(n_threads=0), cpu_batch=CpuSettings(n_threads=0))

    assert (params.n_threads, params.n_threads_batch) == (os.cpu_count(), os.cpu_count())


@pytest.mark.parametrize(("name", "number"), [("auto", -1), ("off", 0), ("on", 1)])
def test_flash_attention(name, number):
    assert _params(flash_attn=name).flash_attn_type == number


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("f32", 0),
        ("f16", 1),
        ("q4_0", 2),
        ("q4_1", 3),
        ("q5_0", 6),
        ("q5_1", 7),
        ("q8_0", 8),
        ("iq4_nl", 20),
        ("bf16", 30),
    ],
)
def test_types_of_the_cache(name, number):
    assert _params(kv_type_k=name).type_k == number
    assert _params(kv_type_v=name).type_v == number


def test_switches():
    plain, turned = (
        _params(),
        _params(
            is_kv_unified=True,
            is_swa_full=True,
            has_perf=False,
            device=DeviceSettings(is_kv_offloaded=False, is_op_offloaded=False),
        ),
    )

    def switches(params):
        return (params.kv_unified, params.swa_full, params.no_perf, params.offload_kqv, params.op_offload)

    assert switches(plain) == (False, False, False, True, True)
    assert switches(turned) == (True, True, True, False, False)


@pytest.mark.parametrize(("name", "number"), [(None, -1), ("none", 0), ("linear", 1), ("yarn", 2)])
def test_the_way_of_scaling_positions(name, number):
    assert _params(rope=RopeSettings(scaling=name)).rope_scaling_type == number


@pytest.mark.parametrize(
    ("field", "name"),
    [
        ("freq_base", "rope_freq_base"),
        ("freq_scale", "rope_freq_scale"),
        ("yarn_orig_ctx", "yarn_orig_ctx"),
        ("yarn_ext_factor", "yarn_ext_factor"),
        ("yarn_attn_factor", "yarn_attn_factor"),
        ("yarn_beta_slow", "yarn_beta_slow"),
        ("yarn_beta_fast", "yarn_beta_fast"),
    ],
)
def test_a_number_of_the_positions(field, name):
    absent = getattr(_params(), name)

    assert absent == (-1 if name.startswith("yarn") and name != "yarn_orig_ctx" else 0)
    assert getattr(_params(rope=RopeSettings(**{field: 2})), name) == 2


@pytest.mark.parametrize(
    ("name", "n_bytes"), [("f32", 256), ("f16", 128), ("bf16", 128), ("q8_0", 68), ("q4_0", 36), ("q5_1", 48)]
)
def test_the_size_of_64_elements(name, n_bytes):
    assert KV_TYPES[name].n_bytes(64) == n_bytes


def test_quantised_values_without_flash_attention_are_refused():
    with pytest.raises(ModelLoadError, match="quantized V cache requires flash_attn to be enabled"):
        check_kv_types(EngineSettings(kv_type_v="q8_0", flash_attn="off"), HEADS)


def test_quantised_values_are_fine_where_flash_attention_is_not_ruled_out():
    check_kv_types(EngineSettings(kv_type_v="q8_0", kv_type_k="q4_0"), HEADS)


@pytest.mark.parametrize(("flag", "field"), [("-k", "kv_type_k"), ("-v", "kv_type_v")])
def test_blocks_that_do_not_divide_the_heads_are_refused(flag, field):
    with pytest.raises(ModelLoadError, match=f"--cache-type{flag} q4_1: blocks of 32 do not divide"):
        check_kv_types(EngineSettings(**{field: "q4_1"}), Heads(n_kv=1, key=48, value=48))


def test_a_cache_larger_than_the_machine_is_refused():
    check_memory(Shape(1024, 1), 1024, GIB)
    with pytest.raises(ModelLoadError, match=r"takes 2\.0 GiB and the machine has 1\.0"):
        check_memory(Shape(2048, 1), 1024**2, GIB)


def test_more_cells_than_c_can_number_are_refused():
    with pytest.raises(ModelLoadError, match=r"more than llama\.cpp can number"):
        shape(EngineSettings(n_ctx=2**31 - 1, n_parallel=1), 256, 1, GIB)


@pytest.mark.parametrize(
    ("settings", "n_ctx", "n_slots"),
    [
        ({"n_ctx_slot": 512, "n_parallel": 3}, 512, 3),
        ({"n_ctx_slot": 512, "n_parallel": 2, "n_ctx": 2048}, 512, 2),
        ({"n_ctx_slot": 512, "n_parallel": 8, "n_ctx": 2048}, 256, 8),
        ({"n_ctx_slot": 512}, 512, 4),
        ({"n_ctx_slot": 512, "n_ctx": 128}, 128, 4),
    ],
)
def test_a_slot_has_no_more_than_its_bound(settings, n_ctx, n_slots):
    shared = shape(EngineSettings(**settings), 4096, 1000, 64 * GIB)

    assert (shared.n_ctx, shared.n_slots) == (n_ctx, n_slots)
