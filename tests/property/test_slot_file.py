"""Whatever stands in a file, reading it ends in what it holds or in one refusal."""

from __future__ import annotations

import struct

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from corral.core.errors import InvalidRequestError
from corral.engine import slot_file
from corral.engine.kv_state import is_plain_state
from corral.engine.slot_file import SlotContent, Taker

TAKER = Taker("this model", n_vocab=10, n_ctx=8)
edges = st.sampled_from([0, 1, 2, 255, 256, 2**31 - 1, 2**31, 2**32 - 1])
words = st.lists(st.one_of(edges, st.integers(0, 2**32 - 1)), max_size=40).map(
    lambda numbers: struct.pack(f"<{len(numbers)}I", *numbers)
)


def read(path, octets):
    path.write_bytes(octets)
    try:
        return slot_file.read(str(path), TAKER)
    except InvalidRequestError:
        return None


@given(words, st.integers(0, 8), st.booleans())
def test_words_after_a_good_head(tmp_path_factory, body, n_tokens, has_head):
    path = tmp_path_factory.getbasetemp() / "words.bin"
    head = struct.pack("<III", slot_file.MAGIC, slot_file.VERSION, n_tokens) if has_head else b""

    content = read(path, head + body)

    assert content is None or is_plain_state(content.state, len(content.tokens))


@given(st.binary(max_size=60), st.data())
def test_a_sealed_file_that_was_changed(tmp_path_factory, state, data):
    path = tmp_path_factory.getbasetemp() / "sealed.bin"
    content = SlotContent(np.arange(3, dtype=np.int32), np.frombuffer(state, np.uint8))
    slot_file.write(str(path), content, TAKER.fingerprint)
    whole = path.read_bytes()
    at = data.draw(st.integers(0, len(whole) - 1))
    octets = data.draw(st.binary(min_size=1, max_size=8))

    changed = whole[:at] + octets + whole[at + len(octets) :]
    found = read(path, changed)

    assert (found is not None) == (changed == whole)


@given(st.binary(max_size=400), st.integers(0, 8))
def test_any_bytes_as_a_state(octets, n_tokens):
    assert is_plain_state(np.frombuffer(octets, np.uint8), n_tokens) in (True, False)
