"""Whatever lies in the folder, names are unique, and stay while other files come and go."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from hypothesis import given
from hypothesis import strategies as st

from corral.catalog.folder_scan import Found
from corral.catalog.name_index import index
from corral.catalog.naming import choose_names, further_names

# Few words, so that many paths are alike.
FOLDERS = st.lists(st.sampled_from(["a", "b", "ggml", "a.gguf"]), max_size=3)
STEMS = st.sampled_from(["a", "b", "a.gguf", "a-00001-of-00002", "."])
FILES = st.builds(
    lambda folders, stem, ending: PurePosixPath(*folders, stem + ending),
    FOLDERS,
    STEMS,
    st.sampled_from([".gguf", ".bin", ".GGUF"]),
)
DIRECTORIES = FOLDERS.filter(bool).map(lambda folders: PurePosixPath(*folders))
MODELS = st.one_of(
    FILES.map(lambda path: Found(Path("/m") / path, path)),
    DIRECTORIES.map(lambda path: Found(Path("/m") / path, path, is_folder=True)),
)
FOUND = st.lists(MODELS, max_size=12, unique_by=lambda model: model.relative)
TAKEN = st.sets(st.sampled_from(["a", "b", "a/b", "a.gguf", "./a.gguf", "ggml/a"]))


@given(models=FOUND, taken=TAKEN)
def test_every_model_has_a_name_of_its_own(models, taken):
    names = choose_names(models, taken=taken)

    assert names.keys() == {model.relative for model in models}
    assert len(set(names.values())) == len(models)
    assert taken.isdisjoint(names.values())


@given(models=FOUND, taken=TAKEN, seed=st.randoms())
def test_names_do_not_depend_on_the_order_of_the_files(models, taken, seed):
    shuffled = [*models]
    seed.shuffle(shuffled)

    assert choose_names(shuffled, taken=taken) == choose_names(models, taken=taken)


@given(models=FOUND, more=FOUND, taken=TAKEN)
def test_names_stay_while_other_files_come(models, more, taken):
    before = choose_names(models, taken=taken)
    later = {model.relative: model for model in (*more, *models)}

    after = choose_names(later.values(), taken=taken, given=before)

    assert after.items() >= before.items()
    assert len(set(after.values())) == len(later)


@given(models=FOUND, gone=st.sets(st.integers(0, 11)), taken=TAKEN)
def test_names_stay_while_other_files_go(models, gone, taken):
    before = choose_names(models, taken=taken)
    left = [model for n, model in enumerate(models) if n not in gone]

    after = choose_names(left, taken=taken, given=before)

    assert after == {model.relative: before[model.relative] for model in left}


@given(models=FOUND)
def test_a_name_means_the_model_that_has_it_whatever_else_others_are_called(models):
    names = choose_names(models)
    weak = {names[path]: further for path, further in further_names(models).items()}

    known = index(names.values(), {}, weak)

    assert all(known.resolve(name) == name for name in names.values())
