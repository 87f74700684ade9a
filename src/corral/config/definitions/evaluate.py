"""Runs one file of model definitions and writes what it defines as JSON. It is a process of its own.

    python -P -m corral.config.definitions.evaluate FILE SECONDS

The file is the user's Python. What it prints goes to standard error; standard output is for the JSON alone.
After SECONDS the process ends itself, and its standard error says in which line of the file that was.
"""

from __future__ import annotations

import faulthandler
import json
import os
import sys
import traceback
from pathlib import Path
from types import ModuleType

_REPLACEMENTS = "openai_replacement_models"
# Where the file's line stands that made a model; no argument is called so.
_LINE = "\N{NULL}line"


class BaseLLMModel:
    """A model as the file defines it: whatever arguments it was given. The server judges them."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        """Take `model_path` and `max_total_tokens`, by position or by name, and any other by its name."""
        names = ("model_path", "max_total_tokens")
        if len(args) > len(names):
            raise TypeError(f"{type(self).__name__} takes model_path and max_total_tokens by position")
        placed = dict(zip(names, args, strict=False))
        for name in placed.keys() & kwargs.keys():
            raise TypeError(f"{type(self).__name__} got {name} twice")
        vars(self).update(placed, **kwargs)
        vars(self)[_LINE] = sys._getframe(1).f_lineno  # noqa: SLF001 - the line is for complaints


class LlamaCppModel(BaseLLMModel):
    """A GGUF file that llama.cpp runs."""


class ExllamaModel(BaseLLMModel):
    """A folder of weights that ExLlama runs."""


class ReverseProxyModel(BaseLLMModel):
    """A model of another server; `model_path` is its base URL."""


_KINDS = (LlamaCppModel, ExllamaModel, ReverseProxyModel)
# The modules of the package that such files import from.
_MODULES = (
    "llama_api",
    "llama_api.schemas",
    "llama_api.schemas.models",
    "llama_api.modules",
    "llama_api.modules.base",
)


def main(argv: list[str]) -> int:
    """Evaluate the file and write the answer. The process ends here, whatever threads the file has left."""
    path, seconds = Path(argv[0]), float(argv[1])
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    faulthandler.dump_traceback_later(seconds, exit=True)
    text = json.dumps(_answer(path))
    faulthandler.cancel_dump_traceback_later()
    answers.write(text)
    answers.flush()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _answer(path: Path) -> dict[str, object]:
    try:
        return _collected(_run(path))
    except SystemExit as error:
        return _complaint(path, error, f"it ended itself (sys.exit({error.code!r}))")
    except BaseException as error:  # noqa: BLE001 - whatever the user's code raises is told to the user
        words = traceback.format_exception_only(error)[-1].strip()
        return _complaint(path, error, words)


def _run(path: Path) -> dict[str, object]:
    sys.argv = [str(path)]
    sys.path.append(str(path.resolve().parent))  # last: nothing there hides a library
    for name in _MODULES:
        module = ModuleType(name)
        module.__path__ = []
        vars(module).update(_classes())
        sys.modules[name] = module
    space: dict[str, object] = {"__name__": path.stem, "__file__": str(path), **_classes()}
    exec(compile(path.read_bytes(), str(path), "exec"), space)  # noqa: S102 - what this process is for
    return space


def _classes() -> dict[str, object]:
    return {kind.__name__: kind for kind in (BaseLLMModel, *_KINDS)}


def _collected(space: dict[str, object]) -> dict[str, object]:
    """Return the models by name; a second name of one is an alias. Names with _ in front do not count."""
    models: dict[int, dict[str, object]] = {}
    names: dict[int, list[str]] = {}
    for name, value in space.items():
        if isinstance(value, BaseLLMModel) and not name.startswith("_"):
            names.setdefault(id(value), []).append(name)
            models.setdefault(id(value), _model(name, value))
    listed = [{**model, "names": names[key]} for key, model in models.items()]
    return {"models": listed, "replacements": _replacements(space.get(_REPLACEMENTS) or {})}


def _model(name: str, model: BaseLLMModel) -> dict[str, object]:
    arguments = {key: value for key, value in vars(model).items() if key != _LINE}
    kind = next((kind.__name__ for kind in _KINDS if isinstance(model, kind)), "LlamaCppModel")
    try:
        json.dumps(arguments, default=os.fspath)
    except (TypeError, ValueError) as error:
        raise TypeError(f"{name}: its arguments must be texts, numbers, lists or dicts ({error})") from error
    plain = json.loads(json.dumps(arguments, default=os.fspath))
    return {"kind": kind, "line": vars(model)[_LINE], "arguments": plain}


def _replacements(value: object) -> dict[str, str]:
    is_good = isinstance(value, dict) and all(
        isinstance(each, str) for pair in value.items() for each in pair
    )
    if not isinstance(value, dict) or not is_good:
        raise TypeError(f"{_REPLACEMENTS} must be a dict of names")
    return dict(value)


def _complaint(path: Path, error: BaseException, reason: str) -> dict[str, object]:
    return {"error": reason, "line": _line(path, error)}


def _line(path: Path, error: BaseException) -> int | None:
    """Return the innermost line of the file itself that the error came through."""
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return error.lineno
    frames = traceback.extract_tb(error.__traceback__)
    return next((frame.lineno for frame in reversed(frames) if frame.filename == str(path)), None)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
