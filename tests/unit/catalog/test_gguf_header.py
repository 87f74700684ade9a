import gguf
import numpy as np
import pytest

from corral.catalog.gguf_header import GgufHeader, combined, read_header, read_model
from corral.core.errors import ModelLoadError
from tests.unit.catalog.gguf_bytes import gguf_file, list_pair, pair, small_model, tensor


@pytest.fixture
def read(tmp_path):
    """Return a function from the bytes of a file to its header."""

    def read_bytes(content):
        path = tmp_path / "model.gguf"
        path.write_bytes(content)
        return read_header(path)

    return read_bytes


@pytest.fixture
def written(tmp_path):
    """Return a function that has the gguf package write a file and gives its header."""

    def write(architecture, fill):
        path = tmp_path / "written.gguf"
        writer = gguf.GGUFWriter(path, architecture)
        fill(writer)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        return read_header(path)

    return write


def test_header_tells_what_the_file_says_of_its_model(read):
    header = read(small_model())

    assert (header.architecture, header.name, header.quantization) == ("llama", "Small One", "Q4_0")
    assert (header.n_ctx_train, header.n_layers, header.n_embd, header.n_ff) == (4096, 2, 32, 64)
    assert (header.n_vocab, header.tokenizer, header.chat_template) == (3, "gpt2", "{{ messages }}")
    assert header.attention.n_head_kv == (2, 2)
    assert (header.attention.key_length, header.attention.value_length) == (8, 8)
    assert not header.is_projector
    assert not header.is_adapter


def test_weights_are_counted_by_layer_and_type(read):
    weights = read(small_model()).weights

    assert weights.n_elements == 32 * 3 + 2 * (32 * 16 + 32 * 64) + 32
    assert weights.n_bytes == 32 * 3 * 4 + 2 * (16 * 18 + 64 * 18) + 32 * 4
    assert [layer.n_bytes for layer in weights.layers] == [16 * 18 + 64 * 18] * 2
    assert [layer.dense_bytes for layer in weights.layers] == [64 * 18] * 2
    assert weights.embedding.n_bytes == 32 * 3 * 4
    assert weights.output.n_bytes == 32 * 4
    assert weights.main_type == "Q4_0"


def test_file_of_the_gguf_package_is_read(written):
    def fill(writer):
        writer.add_block_count(1)
        writer.add_context_length(512)
        writer.add_embedding_length(64)
        writer.add_head_count(4)
        writer.add_token_list([f"token{n}" for n in range(3000)])
        writer.add_token_types([1] * 3000)
        writer.add_tensor("blk.0.attn_q.weight", np.zeros((64, 64), np.float16))

    header = written("qwen2", fill)

    assert (header.architecture, header.n_vocab, header.n_params) == ("qwen2", 3000, 64 * 64)
    assert header.quantization == "F16"
    assert header.attention.n_head_kv == (4,)


def test_vocabulary_longer_than_the_window_is_counted_and_passed_over(read):
    tokens = ["x" * (n % 2000) for n in range(5000)]
    after = pair("general.name", "str", "behind it")

    header = read(gguf_file([list_pair("tokenizer.ggml.tokens", "str", tokens), after]))

    assert (header.n_vocab, header.name) == (5000, "behind it")


def test_quantization_without_a_file_type_is_that_of_most_bytes(read):
    header = read(gguf_file([], [tensor("a", (256,), 12), tensor("b", (4,), 0, 160)], bytes(192)))

    assert header.quantization == "Q4_K"


@pytest.mark.parametrize(("code", "name"), [(1, "F16"), (7, "Q8_0"), (15, "Q4_K_M"), (18, "Q6_K")])
def test_file_type_names_the_quantization(read, code, name):
    header = read(gguf_file([pair("general.file_type", "u32", code)]))

    assert header.quantization == name


def test_projector_and_adapter_are_told_from_models(read):
    projector = read(gguf_file([pair("general.architecture", "str", "clip")]))
    adapter = read(gguf_file([pair("general.type", "str", "adapter")]))

    assert projector.is_projector
    assert adapter.is_adapter


def test_embedding_model_tells_how_it_pools(read):
    architecture = pair("general.architecture", "str", "bert")
    causal = pair("bert.attention.causal", "bool", False)

    header = read(gguf_file([architecture, causal, pair("bert.pooling_type", "u32", 2)]))

    assert (header.pooling, header.is_causal) == ("cls", False)


def test_experts_are_counted_apart(read):
    dims = (32, 8, 4)
    experts = tensor("blk.1.ffn_up_exps.weight", dims, 2)
    router = tensor("blk.1.ffn_gate_inp.weight", (32, 4), 0, 8 * 4 * 18)

    header = read(gguf_file([], [experts, router], bytes(8 * 4 * 18 + 512)))

    layers = header.weights.layers
    assert [layer.expert_bytes for layer in layers] == [0, 8 * 4 * 18]
    assert layers[1].n_bytes == 8 * 4 * 18 + 512


def test_sliding_window_is_found_by_the_architecture_or_its_pattern(read):
    def window(name, *pairs):
        common = [
            pair("general.architecture", "str", name),
            pair(f"{name}.block_count", "u32", 6),
            pair(f"{name}.attention.sliding_window", "u32", 512),
        ]
        return read(gguf_file([*common, *pairs])).attention

    flags = [True, True, False, True, True, False]
    assert window("gemma3").has_window == (True, True, True, True, True, False)
    assert window("gpt-oss").has_window == (True, False) * 3
    assert window("smallthinker").has_window == (False, True, True, True, False, True)
    patterned = list_pair("gemma4.attention.sliding_window_pattern", "bool", flags)
    assert window("gemma4", patterned).has_window == tuple(flags)
    assert window("mistral3").n_swa == 0
    assert window("phi3").has_window == (False,) * 6


def test_recurrent_model_tells_the_size_of_its_state(read):
    sizes = {"conv_kernel": 4, "inner_size": 128, "state_size": 8}
    pairs = [pair(f"mamba.ssm.{key}", "u32", n) for key, n in sizes.items()]

    header = read(gguf_file([pair("general.architecture", "str", "mamba"), *pairs]))

    assert (header.recurrence.n_shift, header.recurrence.n_state) == (3 * 128, 8 * 128)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is empty"),
        (b"GG", "begins with 'GG', not with GGUF"),
        (b"\x1e\xcf\x00\x01", "begins with the bytes 1e cf 00 01, not with GGUF"),
        (b"GGUF", "ends within its header"),
        (b"lmgg" + bytes(64), "old GGML format of 2023"),
        (b"fmgg" + bytes(64), "old GGMF format"),
        (b"tjgg" + bytes(64), "convert_llama_ggml_to_gguf.py"),
        (b"algg" + bytes(64), "convert_lora_to_gguf.py"),
        (b"PK\x03\x04" + bytes(64), "PyTorch"),
        (b"version https://git-lfs", "git lfs pull"),
        (b"<!DOCTYPE html>", "web page"),
        (gguf_file(version=1), "version 1"),
        (gguf_file(version=4), "newer than this Corral"),
        (gguf_file(version=0x03000000), "big-endian"),
    ],
)
def test_file_of_another_format_is_named(read, content, reason):
    with pytest.raises(ModelLoadError, match=reason):
        read(content)


U64_MAX = 2**64 - 1
HUGE_TEXT = b"\xff" * 7 + b"\x7f"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (gguf_file(n_pairs=2**60), "key-value pairs"),
        (gguf_file([bytes(14)] * 5000), "5,000 key-value pairs"),
        (gguf_file(n_tensors=2**60), "tensors"),
        (gguf_file(n_tensors=U64_MAX, n_pairs=0), "tensors"),
        (gguf_file([HUGE_TEXT + bytes(20)]), "a key has"),
        (gguf_file([pair("", "u8", 1)]), "without a name"),
        (gguf_file([pair("k" * 2000, "u8", 1)]), "a key has 2,000 bytes"),
        (gguf_file([pair("twice", "u8", 1)] * 2), "comes twice"),
        (gguf_file([b"\x01" + bytes(7) + b"k" + b"\x63\0\0\0" + bytes(64)]), "unknown type 99"),
        (gguf_file([b"\x01" + bytes(7) + b"k" + b"\x08\0\0\0" + HUGE_TEXT]), "the value of 'k'"),
        (gguf_file([pair("general.alignment", "u32", 24)]), "no power of two"),
        (gguf_file([pair("general.alignment", "u32", 0)]), "no power of two"),
        (gguf_file([pair("general.alignment", "str", "x")]), "no power of two"),
        (gguf_file([pair(".block_count", "u32", 2**31)]), "layers"),
        (gguf_file([], [tensor("a" * 64, (1,))], bytes(64)), "name of a tensor"),
        (gguf_file([], [tensor("a", (1, 1, 1, 1, 1))], bytes(64)), "5 dimensions"),
        (gguf_file([], [tensor("a", (2**63, 2))], bytes(64)), "impossible shape"),
        (gguf_file([], [tensor("a", (2**32, 2**32))], bytes(64)), "impossible shape"),
        (gguf_file([], [tensor("a", (32,), 4)], bytes(64)), "unknown type 4"),
        (gguf_file([], [tensor("a", (33,), 2)], bytes(64)), "do not divide into blocks of Q4_0"),
        (gguf_file([], [tensor("a", (8,), 0, 32)], bytes(64)), "begins at 32, not at 0"),
        (gguf_file([], [tensor("a", (8,)), tensor("a", (8,), 0, 32)], bytes(64)), "comes twice"),
    ],
)
def test_hostile_field_is_refused_with_its_reason(read, content, reason):
    with pytest.raises(ModelLoadError, match=reason):
        read(content)


@pytest.mark.parametrize("code", [8, 9, 0, 12, 99])
def test_list_longer_than_the_file_is_refused_at_once(read, code):
    head = b"\x01" + bytes(7) + b"k" + b"\x09\0\0\0" + bytes([code, 0, 0, 0])

    with pytest.raises(ModelLoadError, match="'k'"):
        read(gguf_file([head + (2**60).to_bytes(8, "little") + bytes(64)]))


def test_lists_of_too_many_strings_are_refused(read, monkeypatch):
    monkeypatch.setattr("corral.catalog.gguf_cursor.MAX_TEXTS", 10)

    with pytest.raises(ModelLoadError, match="more than 10 strings"):
        read(gguf_file([list_pair("a", "str", ["x"] * 6), list_pair("b", "str", ["x"] * 6)]))


def test_header_longer_than_any_is_refused(read, monkeypatch):
    monkeypatch.setattr("corral.catalog.gguf_cursor.MAX_HEADER_BYTES", 1000)

    with pytest.raises(ModelLoadError, match="longer than"):
        read(gguf_file([list_pair("a", "u8", [0] * 2000)]))


def test_long_values_are_not_kept_but_those_behind_them_are_read(read):
    pairs = [
        pair("general.description", "str", "x" * 5000),
        list_pair("tokenizer.ggml.token_type", "i32", [1] * 5000),
        pair("tokenizer.chat_template", "str", "t" * 5000),
    ]

    assert read(gguf_file(pairs)).chat_template == "t" * 5000


def test_wrong_kind_of_value_counts_as_absent(read):
    pairs = [
        pair("general.architecture", "str", "llama"),
        pair("llama.context_length", "str", "long"),
        pair("llama.embedding_length", "i32", -5),
        pair("llama.attention.head_count", "f32", 4.0),
        pair("general.name", "u32", 7),
    ]

    header = read(gguf_file(pairs))

    assert (header.n_ctx_train, header.n_embd, header.attention.n_head, header.name) == (0, 0, 0, "")


def test_truncated_data_says_how_much_is_there_and_how_much_should_be(read):
    whole = gguf_file([], [tensor("a", (64,))], bytes(256))

    with pytest.raises(ModelLoadError, match=rf"has {len(whole) - 1:,} bytes and should have {len(whole):,}"):
        read(whole[:-1])


@pytest.mark.parametrize(("kind", "values"), [("str", ["x" * 700]), ("u8", [7] * 700), ("u8", [7] * 70)])
def test_list_that_is_cut_at_the_end_of_the_file_is_refused(read, kind, values):
    whole = gguf_file([list_pair("k", kind, values)]).rstrip(b"\0")

    with pytest.raises(ModelLoadError):
        read(whole[:-1])


def test_only_matrices_of_whole_blocks_of_rows_are_repackable(read):
    tensors = [
        tensor("blk.0.a", (32, 8), 2),
        tensor("blk.0.b", (32, 9), 2, 160),
        tensor("blk.0.c", (32,), 2, 352),
    ]

    layer = read(gguf_file([], tensors, bytes(384))).weights.layers[0]

    assert layer.matrix_bytes == {"Q4_0": 8 * 18}


def test_every_truncation_is_refused_in_a_sentence(read):
    whole = small_model(n_layers=1)

    for n in range(len(whole)):
        with pytest.raises(ModelLoadError) as caught:
            read(whole[:n])
        assert caught.value.facts["path"].endswith("model.gguf")
        assert caught.value.message.isprintable()


@pytest.mark.parametrize("octet", [0x00, 0x7F, 0x80, 0xFF])
def test_every_damaged_byte_gives_a_header_or_a_sentence(read, octet):
    whole = small_model(n_layers=1)

    for n in range(len(whole) - 1952):  # what is behind are the tensors' data
        try:
            assert isinstance(read(whole[:n] + bytes([octet]) + whole[n + 1 :]), GgufHeader)
        except ModelLoadError as error:
            assert error.message  # noqa: PT017 - either is right


@pytest.mark.parametrize("name", ["", "missing.gguf", "a\0b"])
def test_path_that_is_no_file_is_refused(tmp_path, name):
    with pytest.raises(ModelLoadError):
        read_header(tmp_path / name)


def test_parts_are_read_as_one_model(tmp_path):
    for n in range(2):
        split = [pair("split.no", "u16", n), pair("split.count", "u16", 2)]
        named = [pair("general.architecture", "str", "llama"), pair("llama.block_count", "u32", 2)]
        tensors = [tensor(f"blk.{n}.attn_k.weight", (8,))]
        content = gguf_file([*named, *split] if n == 0 else split, tensors, bytes(32))
        (tmp_path / f"m-0000{n + 1}-of-00002.gguf").write_bytes(content)

    header = read_model(tmp_path / "m-00001-of-00002.gguf")

    assert (header.architecture, header.n_params) == ("llama", 16)
    assert [layer.n_bytes for layer in header.weights.layers] == [32, 32]


def test_part_without_its_others_is_refused(tmp_path):
    part = GgufHeader(version=3, n_parts=3)

    with pytest.raises(ModelLoadError, match="part 1 of 3"):
        combined([part], tmp_path / "renamed.gguf")
