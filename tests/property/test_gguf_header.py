"""Whatever a file holds: its header is read, or refused in one sentence."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corral.catalog.gguf_header import GgufHeader, read_header
from corral.catalog.memory_need import memory_need
from corral.core.engine_settings import DeviceSettings, EngineSettings
from corral.core.errors import ModelLoadError
from tests.unit.catalog.gguf_bytes import gguf_file, list_pair, pair, small_model

WHOLE = small_model()
# One file for all examples: each writes it anew.
with_folder = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
interesting = st.sampled_from([0, 1, 2**7, 2**31 - 1, 2**31, 2**32 - 1, 2**40, 2**60, 2**63, 2**64 - 1])


def outcome(folder, content):
    """Return the header or the error, after checking that it is one of the two."""
    path = folder / "file.gguf"
    path.write_bytes(content)
    try:
        return read_header(path)
    except ModelLoadError as caught:
        error = caught
    assert error.message.isprintable()
    assert error.facts["path"] == str(path)
    return error


@with_folder
@given(tail=st.binary(max_size=400), version=st.sampled_from([2, 3]))
def test_random_bytes_behind_the_magic_are_refused_or_read(tmp_path, tail, version):
    outcome(tmp_path, b"GGUF" + version.to_bytes(4, "little") + tail)


@with_folder
@given(data=st.data())
def test_mutated_file_is_refused_or_read(tmp_path, data):
    content = bytearray(WHOLE)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        match data.draw(st.sampled_from(["octet", "number", "cut", "repeat"])):
            case "octet":
                content[at] = data.draw(st.integers(0, 255))
            case "number":
                content[at : at + 8] = data.draw(interesting).to_bytes(8, "little")
            case "cut":
                del content[at : at + data.draw(st.integers(0, 16))]
            case "repeat":
                content[at:at] = content[at : at + data.draw(st.integers(0, 64))]
        content = content or bytearray(1)

    found = outcome(tmp_path, bytes(content))

    if isinstance(found, GgufHeader):
        assert memory_need(found, len(content), EngineSettings()).host_bytes > 0


scalars = st.one_of(
    st.tuples(st.just("u64"), interesting),
    st.tuples(st.just("i32"), st.integers(-(2**31), 2**31 - 1)),
    st.tuples(st.just("f32"), st.floats(width=32)),
    st.tuples(st.just("bool"), st.booleans()),
    st.tuples(st.just("str"), st.text(max_size=20)),
)
NAMES = [
    "block_count",
    "context_length",
    "embedding_length",
    "attention.head_count",
    "attention.head_count_kv",
    "attention.key_length",
    "attention.sliding_window",
    "attention.sliding_window_pattern",
    "attention.shared_kv_layers",
    "ssm.inner_size",
    "ssm.conv_kernel",
    "shortconv.l_cache",
    "kda.head_dim",
    "wkv.head_size",
    "pooling_type",
    "nextn_predict_layers",
]


@with_folder
@given(
    architecture=st.sampled_from(["llama", "gemma3n", "gemma2", "mamba", "bert", ""]),
    values=st.dictionaries(st.sampled_from(NAMES), scalars),
    lists=st.dictionaries(st.sampled_from(NAMES), st.lists(st.integers(-5, 9), max_size=9)),
)
def test_any_values_of_known_keys_give_a_header_and_a_need(tmp_path, architecture, values, lists):
    pairs = [pair("general.architecture", "str", architecture)]
    pairs += [pair(f"{architecture}.{key}", *value) for key, value in values.items() if key not in lists]
    pairs += [list_pair(f"{architecture}.{key}", "i32", numbers) for key, numbers in lists.items()]

    found = outcome(tmp_path, gguf_file(pairs))

    if isinstance(found, GgufHeader):
        for engine in (
            EngineSettings(),
            EngineSettings(device=DeviceSettings(n_gpu_layers=-1), n_parallel=7),
        ):
            need = memory_need(found, 1000, engine)
            assert min(need.host_bytes, need.device_bytes) >= 0
