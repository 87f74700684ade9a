"""GET /v1/models: every model that is declared, and one of them. None is loaded for it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from corral.api.model_choice import may_load
from corral.api.openai.model_objects import ListedModel, model_object, ollama_object
from corral.api.openai.posted_files import posted_files
from corral.api.replies import json_reply
from corral.api.servings import LOADED, Servings
from corral.core.errors import UnavailableError
from corral.core.messages import ModelFacts
from corral.core.model_view import ModelView


async def every(request: Request, servings: Servings) -> Response:
    """List the models, in OpenAI's form and in Ollama's; with `?reload=1` after a look for new ones."""
    if request.query_params.get("reload") and may_load(request, servings.settings):
        await servings.models.rescan()
    views = servings.declared()
    posted = posted_files(views, servings.models.files())
    listed = [ListedModel(view, _facts(view, servings)) for view in views]
    return json_reply(
        {
            "object": "list",
            "data": [model_object(model, created_s=servings.started_s) for model in listed],
            "models": [ollama_object(model, posted[model.view.name]) for model in listed],
        }
    )


async def one(request: Request, servings: Servings) -> Response:
    """Describe a model by one of its names."""
    view = servings.find(request.path_params["model"])
    listed = ListedModel(view, _facts(view, servings))
    return json_reply(model_object(listed, created_s=servings.started_s))


def _facts(view: ModelView, servings: Servings) -> ModelFacts | None:
    if view.state not in LOADED:
        return None
    try:
        return servings.models.door(view.name).facts()
    except UnavailableError:  # it is about to go
        return None
