"""The two keys by which a list names a model's file, and POST /models/load finds it again."""

from __future__ import annotations

from collections.abc import Iterable

from corral.catalog.model_files import ListedFile
from corral.core.model_view import ModelView


def posted_files(views: Iterable[ModelView], files: Iterable[ListedFile]) -> dict[str, ListedFile]:
    """Return how each model is named, no two alike.

    A model without a file of its own in the models folder goes by its name, and no folder.
    """
    first: dict[str, ListedFile] = {}
    for file in files:
        first.setdefault(file.model, file)
    return {view.name: first.get(view.name) or ListedFile(view.name, "", view.name) for view in views}
