from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from corral.api.llamacpp.slot_names import slot_file_name
from corral.core.errors import InvalidRequestError

parts = st.sampled_from(["..", ".", "/", "\\", "a", " ", "\0", "\uff0e", "\u2215", "ä", "~", "%2e", "\x85"])
names = st.one_of(st.text(max_size=300), st.lists(parts, max_size=8).map("".join))


@given(names)
def test_whatever_is_taken_is_one_file_in_the_folder(name):
    folder = Path("/slots")

    try:
        taken = slot_file_name(name)
    except InvalidRequestError:
        return

    path = folder / taken
    assert path.parent == folder
    assert path.name == name
    assert Path(str(path)).resolve() == path
    assert len(name.encode()) <= 255
