"""GET /characters: who there is, for pages and bots. Nothing of it costs a model."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from corral.api.at_model import OverModels
from corral.api.endpoint import Endpoint
from corral.api.ports import CharactersPort
from corral.api.replies import json_reply
from corral.api.servings import Servings
from corral.core.errors import NotFoundError
from corral.prompt.persona import Persona

TAG = "Characters"


def routes() -> list[Endpoint]:
    """Return the rows."""
    return [
        Endpoint(
            paths=("/characters",),
            handler=OverModels(every),
            tag=TAG,
            summary="List the characters",
            note=(
                "Those of `--characters-dir`, by the names that `model@character` and `/chat` take. "
                "`complaints` says what is wrong with which file; a file that broke while the server runs is "
                "still served as it was. New and changed files are seen within seconds."
            ),
            differs="llama-server has no characters.",
        ),
        Endpoint(
            paths=("/characters/{name}",),
            handler=OverModels(one),
            tag=TAG,
            summary="Describe one character",
            note="With all that its file says; texts hold their placeholders, such as `{{user}}`.",
            differs="llama-server has no characters.",
        ),
    ]


async def every(_request: Request, servings: Servings) -> Response:
    """List the characters."""
    characters = servings.characters
    await characters.refresh()
    complaints = [{"file": file, "reason": reason} for file, reason in characters.complaints().items()]
    return json_reply({"characters": list(_summaries(characters)), "complaints": complaints})


async def one(request: Request, servings: Servings) -> Response:
    """Describe a character by one of its names. Raises NotFoundError."""
    await servings.characters.refresh()
    name = request.path_params["name"]
    persona = servings.characters.find(name)
    return json_reply({**_summary(name, persona), "persona": persona})


def _summaries(characters: CharactersPort) -> Iterator[dict[str, Any]]:
    for name in characters.names():
        with contextlib.suppress(NotFoundError):  # its file has gone between the two calls
            yield _summary(name, characters.find(name))


def _summary(name: str, persona: Persona) -> dict[str, Any]:
    """Return what a list shows. `name` is how it is asked for, `title` what it calls itself."""
    return {
        "name": name,
        "title": persona.name,
        "description": persona.description,
        "greeting": persona.greeting,
        "greetings": persona.greetings,
        "emotions": persona.emotions,
        "creator": persona.credits.creator,
        "tags": persona.credits.tags,
    }
