"""What the page shows of the model that will answer."""

from __future__ import annotations

from typing import NamedTuple

from corral.api.ports import ModelsPort
from corral.api.servings import LOADED, Servings
from corral.core.errors import CorralError, NotFoundError
from corral.core.model_view import ModelView
from corral.core.settings import Settings
from corral.ui import model_words, words


class Introduction(NamedTuple):
    """A model's name, a line about it, its settings, and why it cannot answer ("": it can)."""

    name: str
    about: str
    settings: Settings
    trouble: str


def introduce(servings: Servings, name: str | None) -> Introduction:
    """Introduce the model, None: the default one. Loads nothing."""
    models = servings.models
    try:
        view, settings = models.view(name), models.definition(name).settings
    except NotFoundError as error:
        return Introduction(model_words.NO_MODEL, "", servings.settings, error.message)
    trouble = trouble_of(servings, view, settings)
    return Introduction(view.name, trouble or _about(models, view), settings, trouble)


def trouble_of(servings: Servings, view: ModelView, settings: Settings) -> str:
    """Return why the model cannot answer, "" if it can. `settings` are the model's."""
    is_autoloaded = servings.models.is_single or servings.settings.catalog.is_autoloaded
    return model_words.trouble(view, purpose=settings.engine.purpose, is_autoloaded=is_autoloaded)


def _about(models: ModelsPort, view: ModelView) -> str:
    if view.state not in LOADED:
        return model_words.about_unloaded(view)
    try:
        return words.about(models.door(view.name).facts())
    except CorralError:  # it is about to go
        return model_words.about_unloaded(view)
