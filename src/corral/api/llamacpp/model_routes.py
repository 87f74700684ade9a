"""The rows that load, unload, fetch and remove models, in the forms of llama-server's router."""

from __future__ import annotations

from corral.api.at_model import OverModels
from corral.api.endpoint import Endpoint
from corral.api.llamacpp import model_actions
from corral.api.llamacpp.model_actions import ModelLoadBody, ModelNameBody

_TAG = "llama.cpp"
_EXAMPLE = {"model": "tiny"}


def routes() -> list[Endpoint]:
    """Return the rows."""
    return [*_loading_routes(), *_file_routes()]


def _loading_routes() -> list[Endpoint]:
    return [
        Endpoint(
            method="POST",
            paths=("/models/load",),
            handler=OverModels(model_actions.load),
            tag=_TAG,
            summary="Load one of several models",
            note=(
                'With `model` the answer is `{"success": true}`. With `modelFile` and `path`, an entry of '
                "`models` in `GET /models`, it is the text `Model loaded`, and the model becomes the one for "
                "requests that name none; what is missing is 404, a line for each file. Either comes when "
                "the model is ready. Where keys have terms of their own, only an admin key makes a model the "
                "one for requests that name none."
            ),
            body=ModelLoadBody,
            example=_EXAMPLE,
            differs=(
                "The answer comes when the model is ready, and tells why it could not be loaded; "
                "llama-server answers at once, and refuses for a model that runs already."
            ),
        ),
        Endpoint(
            method="POST",
            paths=("/models/unload",),
            handler=OverModels(model_actions.unload),
            tag=_TAG,
            summary="Unload one of several models",
            note=(
                f"Its requests may take {model_actions.UNLOAD_WITHIN_S:g} seconds to end. Where keys have "
                "terms of their own it needs an admin key."
            ),
            body=ModelNameBody,
            example=_EXAMPLE,
            differs="The answer comes when the memory is free; llama-server answers at once.",
        ),
        Endpoint(
            paths=("/models/sse",),
            handler=OverModels(model_actions.watch),
            tag=_TAG,
            summary="Watch the models' states",
            note='A stream of `{"model", "event", "data"}`: `model_status` and `download_progress`.',
            differs=(
                "A download counts in hundredths under the model's name, instead of bytes under addresses. "
                "`GET /admin/events` tells more."
            ),
        ),
    ]


def _file_routes() -> list[Endpoint]:
    return [
        Endpoint(
            method="POST",
            paths=("/models",),
            handler=OverModels(model_actions.pull),
            tag=_TAG,
            is_admin=True,
            summary="Download a model",
            note="`model` is `owner/name:QUANT` or an address. `/models/sse` tells how far it is.",
            body=ModelNameBody,
            example=_EXAMPLE,
            differs="Needs an admin key: who may only ask models must not fill the disk.",
        ),
        Endpoint(
            method="DELETE",
            paths=("/models",),
            handler=OverModels(model_actions.delete),
            tag=_TAG,
            is_admin=True,
            summary="Remove a model's files",
            note="`?model=` names it.",
            differs="Needs an admin key: who may only ask models must not remove them.",
        ),
    ]
