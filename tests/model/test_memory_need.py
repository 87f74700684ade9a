"""The estimate from a header, beside what llama.cpp and a whole engine process make of the same file."""

import re

import pytest

from corral.catalog.context_size import context_size
from corral.catalog.gguf_header import read_header
from corral.catalog.kv_need import layer_kv_bytes
from corral.core.engine_settings import CpuSettings, EngineSettings
from corral.engine.llama import embedding as llama_embedding
from tests.model.encoder_files import write_bert

MIB = 1024**2
MEMORY_LINE = re.compile(r"(?:KV|RS) buffer size =\s*(?P<mib>[0-9.]+) MiB")


def said_bytes(events):
    """Return what llama.cpp said that its memory takes."""
    texts = [fields.get("text", "") for _, fields in events]
    return sum(float(found["mib"]) for text in texts if (found := MEMORY_LINE.search(text))) * MIB


@pytest.mark.parametrize("is_kv_unified", [False, True])
@pytest.mark.parametrize("kind", ["llama", "wide_heads", "mrope", "windowed", "recurrent"])
def test_foretold_memory_is_what_llama_cpp_takes(make_engine, model_path, events, kind, is_kv_unified):
    engine = make_engine(kind, n_ctx=8192, n_parallel=4, is_kv_unified=is_kv_unified)
    header = read_header(model_path(kind))

    size = context_size(header, engine.settings, None)
    foretold = sum(layer_kv_bytes(header, engine.settings, size))

    assert (size.n_sequences, size.n_streams * size.n_cells) == (engine.runner.n_slots, engine.runner.n_cells)
    assert foretold == pytest.approx(said_bytes(events), abs=0.01 * MIB)


def test_foretold_memory_of_quantised_cells_is_what_llama_cpp_takes(make_engine, model_path, events):
    engine = make_engine("wide_heads", n_ctx=8192, kv_type_k="q8_0", kv_type_v="q4_0")
    header = read_header(model_path("wide_heads"))

    foretold = sum(layer_kv_bytes(header, engine.settings, context_size(header, engine.settings, None)))

    assert foretold == pytest.approx(said_bytes(events), abs=0.01 * MIB)


def test_foretold_batch_for_vectors_is_the_one_that_is_made(tmp_path):
    path = tmp_path / "bert.gguf"
    write_bert(path)
    settings = EngineSettings(purpose="embed", n_ubatch=48, cpu=CpuSettings(n_threads=1))
    runner = llama_embedding.load(str(path), settings, lambda _: None)
    made = runner.n_rows, runner.n_inputs
    runner.close()

    size = context_size(read_header(path), settings, None)

    assert (size.n_outputs, size.n_sequences) == made
