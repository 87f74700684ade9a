"""Control vectors are read from GGUF files, summed, and added between the layers."""

from __future__ import annotations

import gguf
import numpy as np
import pytest

from corral.core.engine_settings import AdapterSettings, ControlVectorSettings
from corral.core.errors import ModelLoadError
from corral.engine.llama.control_vector import layer_range, read_directions, summed

WIDTH = 64


def write(path, directions, dtype=np.float32):
    writer = gguf.GGUFWriter(path, "controlvector")
    for name, values in directions.items():
        writer.add_tensor(name, np.asarray(values, dtype))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return str(path)


@pytest.fixture
def vector(tmp_path):
    """Return a function that writes a vector of one value for layer 1."""
    return lambda value, name="one": write(
        tmp_path / f"{name}.gguf", {"direction.1": np.full(WIDTH, value) * np.arange(WIDTH)}
    )


def vectors(*pairs, layer_range=None):
    settings = tuple(ControlVectorSettings(path, strength) for path, strength in pairs)
    return AdapterSettings(control_vectors=settings, layer_range=layer_range)


def test_directions_are_read_by_layer(tmp_path):
    path = write(tmp_path / "a.gguf", {"direction.3": [1, 2], "other": [9], "direction.1": [3, 4]})

    found = read_directions(path)

    assert {layer: direction.tolist() for layer, direction in found.items()} == {3: [1, 2], 1: [3, 4]}


def test_vectors_are_scaled_and_summed_from_layer_1_on(tmp_path):
    first = write(tmp_path / "a.gguf", {"direction.1": [1, 2], "direction.2": [3, 4]})
    second = write(tmp_path / "b.gguf", {"direction.2": [10, 10], "direction.9": [7, 7]})

    total = summed((ControlVectorSettings(first), ControlVectorSettings(second, -0.5)), 2, 4)

    assert total.tolist() == [[1, 2], [-2, -1], [0, 0]]


@pytest.mark.parametrize(
    ("asked", "meant"), [(None, (1, 12)), ((0, 0), (1, 12)), ((3, -1), (3, 12)), ((-1, 4), (1, 4))]
)
def test_ends_of_the_range_may_be_left_open(asked, meant):
    assert layer_range(asked, 12) == meant


@pytest.mark.parametrize(
    ("directions", "dtype", "reason"),
    [
        ({"other": [1]}, np.float32, "holds no tensor"),
        ({"direction.0": [1]}, np.float32, "direction.0 that is no F32 direction"),
        ({"direction.x": [1]}, np.float32, "direction.x that is no F32 direction"),
        ({"direction.1": [1]}, np.float16, "direction.1 that is no F32 direction"),
    ],
)
def test_a_file_without_directions_is_refused(tmp_path, directions, dtype, reason):
    path = write(tmp_path / "a.gguf", directions, dtype)

    with pytest.raises(ModelLoadError, match=reason):
        read_directions(path)


@pytest.mark.parametrize("content", [None, b"", b"GGUF", b"no model" * 99])
def test_a_file_that_is_no_gguf_is_refused(tmp_path, content):
    path = tmp_path / "a.gguf"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(ModelLoadError, match=r"failed to load the control vector .*a\.gguf"):
        read_directions(str(path))


def test_a_truncated_file_is_refused(tmp_path):
    path = tmp_path / "a.gguf"
    write(path, {"direction.1": [1.0] * 64})
    path.write_bytes(path.read_bytes()[:-32])

    with pytest.raises(ModelLoadError, match="ends too early"):
        read_directions(str(path))


def test_a_vector_of_another_model_is_refused(tmp_path, make_engine):
    path = write(tmp_path / "a.gguf", {"direction.1": [1, 2, 3]})

    with pytest.raises(ModelLoadError, match="has 3 numbers for layer 1; this model has 64"):
        make_engine(adapters=vectors((path, 1.0)))


def test_a_vector_changes_the_text(vector, make_engine):
    plain = make_engine().generate("once upon")[0]

    assert make_engine(adapters=vectors((vector(1.0), 1.0))).generate("once upon")[0] != plain
    assert make_engine(adapters=vectors((vector(1.0), 0.0))).generate("once upon")[0] == plain


def test_two_vectors_can_cancel_each_other(vector, make_engine):
    settings = vectors((vector(1.0), 0.5), (vector(2.0, "two"), -0.25))

    assert make_engine(adapters=settings).generate("once")[0] == make_engine().generate("once")[0]


def test_layers_out_of_range_are_left_alone(vector, make_engine):
    plain = make_engine().generate("once upon")[0]

    assert (
        make_engine(adapters=vectors((vector(1.0), 1.0), layer_range=(2, 2))).generate("once upon")[0]
        == plain
    )
    assert (
        make_engine(adapters=vectors((vector(1.0), 1.0), layer_range=(1, 1))).generate("once upon")[0]
        != plain
    )
