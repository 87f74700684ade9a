from __future__ import annotations

import os
import struct

import numpy as np
import pytest

from corral.core.errors import InvalidRequestError
from corral.engine import slot_file
from corral.engine.kv_state import is_plain_state
from corral.engine.slot_file import SlotContent, Taker

TAKER = Taker("this model", n_vocab=300, n_ctx=64)
TOKENS = np.arange(5, dtype=np.int32)


def plain_state(n_cells=5, *, n_streams=1, positions=None, n_seq_id=1, rest=b""):
    """Return a state as llama.cpp writes it, of two layers with rows of 4 bytes."""
    n_layers = 2
    places = range(n_cells) if positions is None else positions
    cells = b"".join(struct.pack("<iIi", place, n_seq_id, 0) for place in places)
    row = struct.pack("<iQ", 1, 4) + bytes(4 * n_cells)
    layers = struct.pack("<II", 0, n_layers) + row * 2 * n_layers
    stream = struct.pack("<I", n_cells) + (cells + layers if n_cells else b"")
    octets = struct.pack("<I", n_streams) + stream + bytes(4) * (n_streams - 1) + rest
    return np.frombuffer(octets, np.uint8)


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "chat.bin")


@pytest.fixture
def refused(path):
    def check(taker=TAKER):
        with pytest.raises(InvalidRequestError, match="Unable to restore slot, no available space"):
            slot_file.read(path, taker)

    return check


def write_plain(path, state, tokens=TOKENS, version=slot_file.VERSION, magic=slot_file.MAGIC):
    head = struct.pack("<III", magic, version, len(tokens))
    with open(path, "wb") as file:  # noqa: PTH123
        file.write(head + tokens.astype("<i4").tobytes() + state.tobytes())


def test_what_was_written_is_read(path):
    state = np.arange(100, dtype=np.uint8)

    n_bytes = slot_file.write(path, SlotContent(TOKENS, state, ((1, 0.5),)), "this model")
    content = slot_file.read(path, TAKER)

    assert n_bytes == os.path.getsize(path)  # noqa: PTH202
    assert content.tokens.tolist() == TOKENS.tolist()
    assert content.state.tolist() == state.tolist()
    assert content.loras == ((1, 0.5),)


def test_a_slot_that_held_nothing_is_a_file_too(path):
    slot_file.write(path, SlotContent(TOKENS[:0], plain_state(0)), "this model")

    assert len(slot_file.read(path, TAKER).tokens) == 0


def test_writing_leaves_nothing_else_in_the_folder(path, tmp_path):
    for _ in range(2):
        slot_file.write(path, SlotContent(TOKENS, plain_state()), "this model")

    assert [file.name for file in tmp_path.iterdir()] == ["chat.bin"]


def test_a_write_that_fails_leaves_what_was_there(path, tmp_path):
    tmp_path.joinpath("chat.bin").mkdir()

    with pytest.raises(OSError, match="directory"):
        slot_file.write(path, SlotContent(TOKENS, plain_state()), "this model")

    assert [file.name for file in tmp_path.iterdir()] == ["chat.bin"]


def test_a_file_of_another_model_is_refused(path, refused):
    slot_file.write(path, SlotContent(TOKENS, plain_state()), "another model")

    refused()


def test_more_tokens_than_a_slot_takes_are_refused(path, refused):
    slot_file.write(path, SlotContent(TOKENS, plain_state()), "this model")

    refused(Taker("this model", n_vocab=300, n_ctx=4))


def test_every_changed_byte_is_found(path, refused, tmp_path):
    content = SlotContent(TOKENS, np.arange(20, dtype=np.uint8), ((1, 0.5),))
    slot_file.write(path, content, "this model")
    whole = tmp_path.joinpath("chat.bin").read_bytes()

    for at in range(len(whole)):
        tmp_path.joinpath("chat.bin").write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        refused()


def test_every_shorter_file_is_refused(path, refused, tmp_path):
    slot_file.write(path, SlotContent(TOKENS, np.arange(20, dtype=np.uint8)), "this model")
    whole = tmp_path.joinpath("chat.bin").read_bytes()

    for size in range(len(whole)):
        tmp_path.joinpath("chat.bin").write_bytes(whole[:size])
        refused()


@pytest.mark.parametrize("content", [b"", b"GGUF", bytes(1000), b"\xff" * 1000])
def test_foreign_bytes_are_refused(content, tmp_path, refused):
    tmp_path.joinpath("chat.bin").write_bytes(content)

    refused()


def test_what_cannot_be_read_is_not_said_to_be_wrong(path):
    with pytest.raises(FileNotFoundError):
        slot_file.read(path, TAKER)


def test_a_link_is_not_followed(path, tmp_path):
    slot_file.write(str(tmp_path / "real.bin"), SlotContent(TOKENS, plain_state()), "this model")
    tmp_path.joinpath("chat.bin").symlink_to(tmp_path / "real.bin")

    with pytest.raises(OSError, match="symbolic link"):
        slot_file.read(path, TAKER)


def test_writing_to_a_link_replaces_the_link(path, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("untouched")
    tmp_path.joinpath("chat.bin").symlink_to(elsewhere)

    slot_file.write(path, SlotContent(TOKENS, plain_state()), "this model")

    assert elsewhere.read_text() == "untouched"
    assert len(slot_file.read(path, TAKER).tokens) == 5


def test_what_is_no_file_is_refused_at_once(path):
    os.mkfifo(path)

    with pytest.raises(OSError, match="no plain file"):
        slot_file.read(path, TAKER)


def test_a_file_of_llama_cpp_is_taken(path):
    write_plain(path, plain_state())

    content = slot_file.read(path, TAKER)

    assert content.tokens.tolist() == TOKENS.tolist()
    assert content.state.tolist() == plain_state().tolist()


def test_a_file_of_llama_server_with_its_packed_tokens_is_taken(path):
    write_plain(path, plain_state(), tokens=np.array([-1, 1, 5, *TOKENS, 0], np.int32))

    assert slot_file.read(path, TAKER).tokens.tolist() == TOKENS.tolist()


@pytest.mark.parametrize(
    "words", [[-1, 2, 5, *range(5), 0], [-1, 1, 4, *range(5), 0], [-1, 1, 5, *range(5), 1], [-1]]
)
def test_other_packings_are_refused(path, refused, words):
    write_plain(path, plain_state(), tokens=np.array(words, np.int32))

    refused()


def test_one_of_another_version_or_with_unknown_tokens_is_refused(path, refused):
    write_plain(path, plain_state(), version=2)
    refused()
    write_plain(path, plain_state(), magic=0x12345678)
    refused()
    write_plain(path, plain_state(), tokens=np.array([1, 2, 3, 4, 300], np.int32))
    refused()
    write_plain(path, plain_state(), tokens=np.array([1, 2, 3, 4, -1], np.int32))
    refused()


def test_a_sound_state_may_have_its_cells_in_any_order_and_lie_in_any_stream():
    assert is_plain_state(plain_state(), 5)
    assert is_plain_state(plain_state(positions=[3, 4, 0, 2, 1]), 5)
    assert is_plain_state(plain_state(n_streams=4), 5)
    assert is_plain_state(plain_state(0, n_streams=4), 0)


@pytest.mark.parametrize(
    "state",
    [
        plain_state(6),
        plain_state(positions=[0, 1, 2, 3, 3]),
        plain_state(positions=[0, 1, 2, 3, 2**31 - 1]),
        plain_state(positions=[-1, 0, 1, 2, 3]),
        plain_state(n_seq_id=2),
        plain_state()[:-1],
        plain_state(rest=b"\0"),
        plain_state(n_streams=257),
    ],
    ids=["count", "repeated", "far", "negative", "shared", "short", "long", "streams"],
)
def test_an_unsound_state_is_found(state):
    assert not is_plain_state(state, 5)


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0x7FFFFFFF])
def test_sizes_beyond_the_file_are_found(size):
    octets = plain_state().copy()
    for at in range(0, len(octets) - 4, 4):
        lie = octets.copy()
        lie[at : at + 4] = np.frombuffer(struct.pack("<I", size), np.uint8)
        assert is_plain_state(lie, size) is False
