"""Which model a request means, and what else it asks of the server that loads it."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from starlette.requests import Request

from corral.api import body
from corral.api.auth import caller_of
from corral.api.character_choice import SEPARATOR, Voice, voice_of
from corral.api.keep_alive import to_seconds
from corral.api.ports import CharactersPort, ModelsPort
from corral.core.errors import InvalidRequestError, NotFoundError
from corral.core.settings import Settings
from corral.prompt.persona import Persona

# The engine that a plug-in for editors has in its path, whatever model is meant.
PLUGIN_ENGINE = "copilot-codex"
_OBJECT = re.compile(rb"\s*\{")


class ModelChoice(msgspec.Struct, frozen=True, kw_only=True):
    """What a request says. `name` None: the default model. `keep_alive_s` None: as the model is declared.

    `persona` is who the model is to speak as, None for itself. Not `may_load`: only a model that is loaded
    anyway answers.
    """

    name: str | None = None
    persona: Persona | None = None
    keep_alive_s: float | None = None
    may_load: bool = True


class _Named(msgspec.Struct):
    """The two fields of any body that say which model, and for how long."""

    model: str | None = None
    keep_alive: Any = None


async def choose(
    request: Request, settings: Settings, models: ModelsPort, *, characters: CharactersPort
) -> ModelChoice:
    """Return what `request` means by its path, else its query, else its body, which is kept for `body`.

    Where there is a single model every name means it, and a name is looked at for a character only. Raises
    InvalidRequestError, and NotFoundError for a character that does not exist.
    """
    has_body = request.method not in ("GET", "HEAD")
    content = await body.keep(request) if has_body else b""
    if models.is_single:
        voice = await _voice_of_the_only(request, content, models, characters)
        return ModelChoice(persona=voice.persona)
    named = _peeked(content)
    name = _engine(request, models) or request.query_params.get("model") or named.model
    voice = await voice_of(name, models, characters)
    return ModelChoice(
        name=voice.model,
        persona=voice.persona,
        keep_alive_s=to_seconds(named.keep_alive),
        may_load=_is_autoload_wanted(request, settings) and may_load(request, settings),
    )


async def _voice_of_the_only(
    request: Request, content: bytes, models: ModelsPort, characters: CharactersPort
) -> Voice:
    """Return who is to speak. A body that cannot be read is left to who reads it for what it says."""
    name = request.path_params.get("engine") or request.query_params.get("model")
    if not name and SEPARATOR.encode() in content:
        try:
            name = _peeked(content).model
        except InvalidRequestError:
            return Voice(None)
    return await voice_of(name, models, characters)


def _engine(request: Request, models: ModelsPort) -> str | None:
    """Return the model of the path. The plug-in's, if nothing is called so, leaves the choice open."""
    name: str | None = request.path_params.get("engine")
    if name != PLUGIN_ENGINE:
        return name
    try:
        return models.definition(name).name
    except NotFoundError:
        return None


def _peeked(content: bytes) -> _Named:
    if not content:
        return _Named()
    if _OBJECT.match(content):
        return body.parse(content, _Named)
    body.parse(content, object)  # no model need be loaded to refuse what is no JSON
    return _Named()


def _is_autoload_wanted(request: Request, settings: Settings) -> bool:
    asked = request.query_params.get("autoload")
    return asked in ("true", "1") if asked else settings.catalog.is_autoloaded


def may_load(request: Request, settings: Settings) -> bool:
    """Return whether the caller may: some routes need no key, but nobody unknown fills the memory."""
    return not settings.server.api_keys or caller_of(request) != ""
