import itertools

import pytest

from corral.catalog.context_size import ContextSize, context_size
from corral.catalog.gguf_header import GgufHeader
from corral.catalog.gguf_memory import Attention
from corral.core.engine_settings import EngineSettings
from corral.engine.llama.shape import shape

MIB = 1024**2
# Two layers of one head of 64 elements: 512 bytes a token.
HEADER = GgufHeader(
    version=3,
    n_ctx_train=32768,
    n_layers=2,
    attention=Attention(
        n_head=1, n_head_kv=(1, 1), key_length=64, value_length=64, has_window=(False, False)
    ),
)


@pytest.mark.parametrize(
    ("n_ctx", "n_parallel", "n_ctx_slot", "is_kv_unified", "machine_bytes"),
    list(
        itertools.product(
            [None, 100, 1000, 8192], [None, 1, 3, 32], [None, 700], [False, True], [160 * MIB, 65536 * MIB]
        )
    ),
)
def test_context_is_as_large_as_the_engine_makes_it(
    n_ctx, n_parallel, n_ctx_slot, is_kv_unified, machine_bytes
):
    engine = EngineSettings(
        n_ctx=n_ctx, n_parallel=n_parallel, n_ctx_slot=n_ctx_slot, is_kv_unified=is_kv_unified
    )
    made = shape(engine, HEADER.n_ctx_train, 512, machine_bytes)

    size = context_size(HEADER, engine, machine_bytes)

    assert size.n_sequences == made.n_slots
    assert size.n_streams * size.n_cells == made.n_padded
    assert size.n_streams == (1 if is_kv_unified else made.n_slots)


def test_engine_for_vectors_gives_output_for_every_row_of_a_batch():
    engine = EngineSettings(purpose="embed", n_ctx=2048, n_ubatch=256)

    size = context_size(HEADER, engine, None)

    assert size == ContextSize(n_sequences=32, n_streams=1, n_cells=256, n_ubatch=256, n_outputs=256)


def test_vector_of_the_last_token_takes_cells_for_the_longest_input():
    engine = EngineSettings(purpose="embed", pooling="last", n_ctx=2048, n_ubatch=256)

    assert context_size(HEADER, engine, None).n_cells == 2048


def test_machine_with_little_memory_gets_fewer_sequences():
    engine = EngineSettings(n_ctx=32768)

    n_sequences = [context_size(HEADER, engine, n).n_sequences for n in (None, 160 * MIB, MIB)]

    assert n_sequences == [4, 2, 1]
