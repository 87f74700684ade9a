"""What the models of the folder are called.

A model's first choice is its file name without `.gguf` and part number, that of a folder the folder's name.
Where two models would share it, or a declared model has it, each is called by its folder too, `folder/name`;
then by its whole path in the models folder, without and with `.gguf`. A model that lies in no folder keeps
the short name. Names that were given stay while their model is there: what appears later takes a longer one.
All these names of a model, and that of its file with `.gguf`, mean it too as long as they mean no other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import PurePosixPath

from corral.catalog.folder_scan import GGML_FOLDER, GPTQ_FOLDER, Found
from corral.catalog.parts import without_part


def choose_names(
    models: Iterable[Found], *, taken: Collection[str] = (), given: Mapping[PurePosixPath, str] | None = None
) -> dict[PurePosixPath, str]:
    """Return the name of each model by its relative path; all differ, and none is in `taken`.

    `given`: the names of an earlier call, which stay.
    """
    choices = {model.relative: _choices(model) for model in models}
    names = {key: name for key, name in (given or {}).items() if key in choices and name not in taken}
    n_levels = max(map(len, choices.values()), default=0)
    for level in range(n_levels):
        wished = {key: own[level] for key, own in choices.items() if key not in names}
        used, counts = {*taken, *names.values()}, Counter(wished.values())
        names |= {key: name for key, name in wished.items() if counts[name] == 1 and name not in used}
    for key in choices.keys() - names.keys():
        names[key] = _free(f"./{key}", {*taken, *names.values()})
    return names


def further_names(models: Sequence[Found]) -> dict[PurePosixPath, list[str]]:
    """Return all names that each model could be meant by; one may stand with several models.

    The name of a folder is among them if the folder holds one model only.
    """
    n_in_folder = Counter(model.relative.parent for model in models)
    found = {}
    for model in models:
        names = [*_choices(model), model.relative.name, without_part(model.relative.name)]
        folder = model.relative.parent
        if n_in_folder[folder] == 1 and str(folder) not in (".", GGML_FOLDER, GPTQ_FOLDER):
            names.append(folder.name)
        found[model.relative] = list(dict.fromkeys(names))
    return found


def _choices(model: Found) -> tuple[str, ...]:
    """Return the names that the model would take, best first."""
    stem = model.relative.name if model.is_folder else _stem(model.relative.name)
    folder, path = model.relative.parent, str(model.relative)
    near = f"{folder.name}/{stem}" if folder.name else stem
    far = str(folder / stem)
    return (stem, near, far, path)


def _free(name: str, used: Collection[str]) -> str:
    """Return the name, with as much before it as it takes to be the only one."""
    while name in used:
        name = f"./{name}"
    return name


def _stem(name: str) -> str:
    whole = without_part(name)
    return PurePosixPath(whole).stem or name
