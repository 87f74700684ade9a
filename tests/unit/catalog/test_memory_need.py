import msgspec
import pytest

from corral.catalog import device_split
from corral.catalog.gguf_header import GgufHeader
from corral.catalog.gguf_memory import Attention, Recurrence
from corral.catalog.gguf_weights import LayerWeights, Weights
from corral.catalog.memory_need import memory_need, memory_parts
from corral.core.engine_settings import (
    AdapterSettings,
    DeviceSettings,
    DraftSettings,
    EngineSettings,
    LoraSettings,
    MediaSettings,
)
from corral.core.memory import Memory

MB = 1_000_000
N_LAYERS, N_CELLS = 4, 2048
LAYER = LayerWeights(
    n_bytes=100 * MB, expert_bytes=60 * MB, dense_bytes=20 * MB, matrix_bytes={"Q4_0": 80 * MB, "Q6_K": MB}
)
HEADER = GgufHeader(
    version=3,
    architecture="llama",
    n_ctx_train=4096,
    n_layers=N_LAYERS,
    n_embd=512,
    n_ff=1024,
    n_vocab=1000,
    attention=Attention(
        n_head=8,
        n_head_kv=(2,) * N_LAYERS,
        key_length=64,
        value_length=64,
        key_length_swa=64,
        value_length_swa=64,
        has_window=(False,) * N_LAYERS,
    ),
    weights=Weights(
        n_bytes=450 * MB,
        embedding=LayerWeights(n_bytes=30 * MB),
        output=LayerWeights(n_bytes=20 * MB, matrix_bytes={"Q6_K": 20 * MB}),
        layers=(LAYER,) * N_LAYERS,
        has_output_matrix=True,
    ),
)
N_BYTES = 451 * MB
KV_BYTES = N_LAYERS * N_CELLS * 2 * 2 * 64 * 2  # keys and values of two heads, two bytes each
ENGINE = EngineSettings(n_ctx=N_CELLS, n_parallel=1)


@pytest.fixture(autouse=True)
def _x86(monkeypatch):
    monkeypatch.setattr(device_split, "_REPACKED", frozenset({"Q4_0", "Q4_K"}))


def parts(header=HEADER, n_bytes=N_BYTES, **settings):
    return memory_parts(header, n_bytes, msgspec.structs.replace(ENGINE, **settings))


def with_device(**fields):
    return parts(device=DeviceSettings(**fields))


def test_need_is_the_sum_of_its_parts():
    found = parts()

    assert memory_need(HEADER, N_BYTES, ENGINE) == found.total
    assert found.total.host_bytes > found.weights.host_bytes + found.kv.host_bytes
    assert found.total.device_bytes == 0


def test_kv_has_every_cell_of_the_context():
    assert parts().kv == Memory(KV_BYTES)
    assert parts(n_ctx=4 * N_CELLS, n_parallel=4).kv == Memory(4 * KV_BYTES)
    assert parts(n_parallel=None).kv == Memory(4 * KV_BYTES)


def test_quantised_kv_is_smaller_in_its_blocks():
    found = parts(kv_type_k="q8_0", kv_type_v="q4_0").kv.host_bytes

    assert found == KV_BYTES * (34 + 18) // (64 + 64)


def test_layers_with_a_window_keep_the_window_and_a_batch():
    attention = msgspec.structs.replace(HEADER.attention, n_swa=100, has_window=(True, True, True, False))
    header = msgspec.structs.replace(HEADER, attention=attention)
    per_layer = KV_BYTES // N_LAYERS

    assert parts(header).kv.host_bytes == per_layer + 3 * per_layer * 768 // N_CELLS  # 100 + 512, padded
    assert parts(header, is_swa_full=True).kv.host_bytes == KV_BYTES


def test_pool_of_all_sequences_keeps_the_window_of_each():
    attention = msgspec.structs.replace(HEADER.attention, n_swa=300, has_window=(True,) * N_LAYERS)
    header = msgspec.structs.replace(HEADER, attention=attention)
    a_cell = KV_BYTES // N_CELLS

    pooled = parts(header, n_ctx=4 * N_CELLS, n_parallel=4, is_kv_unified=True).kv.host_bytes
    streamed = parts(header, n_ctx=4 * N_CELLS, n_parallel=4).kv.host_bytes

    assert pooled == a_cell * 1792  # 4 * 300 + 512, padded
    assert streamed == a_cell * 4 * 1024  # 300 + 512, padded, each


def test_latent_attention_keeps_no_values():
    attention = msgspec.structs.replace(HEADER.attention, is_latent=True)

    assert parts(msgspec.structs.replace(HEADER, attention=attention)).kv.host_bytes == KV_BYTES // 2


def test_recurrent_layers_keep_a_state_of_each_sequence_instead_of_cells():
    weights = Weights(layers=(LayerWeights(has_state=True),) * 3 + (LayerWeights(has_keys=True),))
    recurrence = Recurrence(n_shift=100, n_state=900)
    header = msgspec.structs.replace(HEADER, weights=weights, recurrence=recurrence)

    found = parts(header, n_ctx=2 * N_CELLS, n_parallel=2).kv.host_bytes

    assert found == 2 * KV_BYTES // N_LAYERS + 3 * 2 * 1000 * 4


def test_mapped_weights_and_their_repacked_copies_are_both_resident():
    found = parts()

    assert found.weights == Memory(N_BYTES)
    assert found.repacked == Memory(N_LAYERS * 80 * MB)
    assert found.n_reclaimable_bytes == N_LAYERS * 80 * MB


@pytest.mark.parametrize("settings", [{"is_mmap": False}, {"load_mode": "none"}, {"load_mode": "mlock"}])
def test_weights_that_are_read_are_repacked_in_their_place(settings):
    found = parts(**settings)

    assert (found.repacked, found.n_reclaimable_bytes) == (Memory(), 0)


def test_tied_embeddings_are_there_once_more_as_the_output():
    weights = msgspec.structs.replace(
        HEADER.weights,
        has_output_matrix=False,
        embedding=LayerWeights(n_bytes=30 * MB, matrix_bytes={"Q4_0": 30 * MB}),
    )
    header = msgspec.structs.replace(HEADER, weights=weights)

    assert parts(header).repacked.host_bytes == (4 * 80 + 30) * MB
    assert parts(header, is_mmap=False).repacked.host_bytes == 30 * MB
    on_device = parts(header, device=DeviceSettings(n_gpu_layers=99)).weights.device_bytes
    assert on_device == (4 * 100 + 20 + 30) * MB


def test_last_layers_go_to_the_device_first_of_all_the_output():
    assert with_device(n_gpu_layers=1).weights.device_bytes == 20 * MB
    assert with_device(n_gpu_layers=3).weights == Memory(N_BYTES - 220 * MB, 220 * MB)
    assert with_device(n_gpu_layers=99).weights == with_device(n_gpu_layers=-1).weights
    assert with_device(n_gpu_layers=-1).weights.device_bytes == 420 * MB


def test_kv_goes_with_its_layer_unless_it_is_kept_on_the_host():
    assert with_device(n_gpu_layers=3).kv == Memory(KV_BYTES // 2, KV_BYTES // 2)
    assert with_device(n_gpu_layers=3, is_kv_offloaded=False).kv == Memory(KV_BYTES)


def test_experts_and_dense_matrices_can_be_kept_on_the_host():
    assert with_device(n_gpu_layers=-1, is_cpu_moe=True).weights.device_bytes == (420 - 4 * 60) * MB
    assert with_device(n_gpu_layers=-1, n_cpu_moe=3).weights.device_bytes == (420 - 3 * 60) * MB
    assert with_device(n_gpu_layers=-1, n_cpu_ffn=2).weights.device_bytes == (420 - 2 * 20) * MB


def test_without_a_device_everything_is_on_the_host():
    engine = msgspec.structs.replace(ENGINE, device=DeviceSettings(n_gpu_layers=-1))

    assert memory_need(HEADER, N_BYTES, engine, has_device=False) == memory_need(HEADER, N_BYTES, ENGINE)


def test_scores_of_all_heads_take_memory_without_flash_attention():
    with_scores = parts(flash_attn="off").compute.host_bytes - parts().compute.host_bytes

    assert with_scores == 512 * N_CELLS * ((8 + 2) * 4 - 2)


def test_compute_grows_with_the_physical_batch():
    small, large = (parts(n_ubatch=n).compute.host_bytes for n in (128, 512))

    assert 3 < large / small < 4


def test_the_weights_of_a_draft_model_count(tmp_path):
    file = tmp_path / "small.gguf"
    file.write_bytes(b"x" * 1000)

    drafted = parts(drafts=DraftSettings(model_path=str(file))).others

    assert drafted - parts().others == Memory(1000)


def test_files_of_adapters_and_projector_count_where_they_are(tmp_path):
    file = tmp_path / "file.gguf"
    file.write_bytes(bytes(5000))
    loras = AdapterSettings(loras=(LoraSettings(str(file)), LoraSettings(str(tmp_path / "none"))))
    media = MediaSettings(projector_path=str(file))

    bare, found = parts().others, parts(adapters=loras, media=media).others
    offloaded = parts(adapters=loras, media=media, device=DeviceSettings(n_gpu_layers=1)).others

    assert found - bare == Memory(10_000)
    assert offloaded - bare == Memory(0, 10_000)


def test_engine_for_vectors_has_logits_of_a_whole_batch_and_one_for_texts_of_each_sequence():
    longer = msgspec.structs.replace(HEADER, n_vocab=HEADER.n_vocab + 1)

    def of_one_more_token(**settings):
        return parts(longer, **settings).compute.host_bytes - parts(**settings).compute.host_bytes

    assert of_one_more_token(n_parallel=2) == 2 * 2 * 4 + 2 * 12
    assert of_one_more_token(purpose="embed", n_parallel=2) == 2 * 512 * 4 + 2 * 12
