"""The folder of characters against a dict, over any order of good, broken and vanishing files."""

from __future__ import annotations

import itertools
import os
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from corral.catalog.character_folder import CharacterFolder
from corral.core.errors import CorralError, NotFoundError

NAMES = ("a", "b", "c")
DEEDS = st.sampled_from(("good", "bad", "vanish", "touch", "look"))


class Content:
    def __init__(self, name):
        self.name = name


def read(content, _name):
    if content.startswith(b"bad"):
        raise CorralError("bad")
    return Content(content.decode())


class Model:
    """What ought to be found. `files` is the disk, `last_good` what was good at the last look that it was."""

    def __init__(self):
        self.files = {}
        self.last_good = {}

    def look(self):
        self.last_good = {
            name: text if text.startswith("good") else self.last_good.get(name)
            for name, text in self.files.items()
        }


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(NAMES), DEEDS), max_size=25))
def test_each_file_is_found_as_it_was_good_last(deeds):
    with tempfile.TemporaryDirectory() as path:
        folder, model = CharacterFolder(Path(path), read), Model()
        for n, (name, deed) in zip(itertools.count(1), [*deeds, ("a", "look")], strict=False):
            do(deed, Path(path) / f"{name}.yaml", model, n)
            if deed == "look":
                folder.look()
                model.look()
                assert {name: found(folder, name) for name in NAMES} == {
                    name: model.last_good.get(name) for name in NAMES
                }
                assert set(folder.complaints()) == {
                    f"{name}.yaml" for name, text in model.files.items() if text.startswith("bad")
                }


def do(deed, path, model, n):
    if deed in ("good", "bad"):
        model.files[path.stem] = f"{deed} {n}"
        path.write_text(model.files[path.stem])
        os.utime(path, ns=(n * 10**9, n * 10**9))
    elif deed == "vanish":
        model.files.pop(path.stem, None)
        path.unlink(missing_ok=True)
    elif deed == "touch" and path.exists():
        os.utime(path, ns=(n * 10**9, n * 10**9))


def found(folder, name):
    try:
        return folder.find(name).name
    except NotFoundError:
        return None
