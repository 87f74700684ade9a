"""GET /health, /props, /slots: what the server is and does now."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

import corral
from corral.api import body
from corral.api.auth import caller_of, check_change_for_all, is_admin
from corral.api.generation.limits import UNTIL_FULL
from corral.api.generation.settings_echo import generation_settings
from corral.api.llamacpp.slots import own_view, slot_object
from corral.api.llamacpp.types import PropsBody
from corral.api.replies import json_reply
from corral.api.serving import Serving
from corral.api.servings import Servings
from corral.core.errors import NotFoundError, NotSupportedError, UnavailableError
from corral.core.request import GenerationRequest
from corral.core.settings import GenerationDefaults, ServerSettings
from corral.gateway.slots import SlotView

_NO_PROPS = "This server does not support changing global properties. Start it with `--props`"
_NO_SLOTS = "This server does not support slots endpoint. Start it with `--slots`"


async def health(_request: Request) -> Response:
    """Say that requests are served; while they are not, the loading gate answers."""
    return json_reply({"status": "ok"})


async def props(_request: Request, serving: Serving) -> Response:
    """Describe the server and the model."""
    return json_reply(_described(serving))


async def router_props(_request: Request, servings: Servings) -> Response:
    """Describe a server of many models, and the default one if it is loaded; or one whose model sleeps."""
    settings = servings.settings
    if servings.models.is_single:
        props = {**_described_default(servings), **_endpoints(settings.server)}
        return json_reply({**props, "is_sleeping": True})
    return json_reply(
        {
            **_described_default(servings),
            "role": "router",
            "max_instances": settings.placement.max_workers or 0,
            "models_autoload": settings.catalog.is_autoloaded,
            "ui": settings.server.is_ui,
        }
    )


def _described_default(servings: Servings) -> dict[str, Any]:
    try:
        serving, name = servings.loaded(None), servings.models.view(None).name
    except NotFoundError:
        serving, name = None, ""
    if serving is not None:
        return _described(serving)
    return {
        "model_alias": name,
        "model_path": "none",
        "default_generation_settings": {"params": {}, "n_ctx": 0},
        "build_info": f"corral {corral.__version__}",
    }


def _described(serving: Serving) -> dict[str, Any]:
    facts, model = serving.door.facts(), serving.settings.model
    server = serving.settings.server
    defaults = _default_settings(serving)
    return {
        "system_prompt": facts.system_prompt,
        "default_generation_settings": {**defaults, "params": defaults},
        "total_slots": facts.n_slots,
        "chat_template": facts.chat_template or "",
        "model_path": facts.path or model.path or serving.model,
        "model_alias": model.alias or serving.model,
        "model_ftype": facts.file_type,
        "modalities": {"vision": facts.has_vision, "video": False, "audio": facts.has_audio},
        "media_marker": serving.media.mark,
        **_endpoints(server),
        "bos_token": facts.bos_text,
        "eos_token": facts.eos_text,
        "build_info": facts.build,
        "is_sleeping": False,
        "chat_template_caps": serving.template().capabilities,
    }


def _endpoints(server: ServerSettings) -> dict[str, Any]:
    return {
        "endpoint_slots": server.is_slots,
        "endpoint_props": server.is_props,
        "endpoint_metrics": server.is_metrics,
        "ui": server.is_ui,
    }


async def change_props(request: Request, serving: Serving) -> Response:
    """Change the system prompt, if the body has one."""
    if not serving.settings.server.is_props:
        raise NotSupportedError(_NO_PROPS)
    check_change_for_all(request, serving.settings.server)
    wanted = await body.read(request, PropsBody)
    if wanted.system_prompt is not None:
        await serving.door.state.set_system_prompt(wanted.system_prompt)
    return json_reply({"success": True})


async def slots(request: Request, servings: Servings) -> Response:
    """Return what each slot does. A model that is not loaded has none, and is not loaded for this."""
    if not servings.settings.server.is_slots:
        raise NotSupportedError(_NO_SLOTS)
    serving = servings.loaded(request.query_params.get("model") or None)
    views = [] if serving is None else serving.door.slots()
    if "fail_on_no_slot" in request.query_params and all(view.is_processing for view in views):
        raise UnavailableError("no slot available")
    if serving is None:
        return json_reply([])
    if not is_admin(request, servings.settings.server):
        views = [own_view(view, caller_of(request)) for view in views]
    return json_reply(_slot_objects(views, serving))


def _slot_objects(views: list[SlotView], serving: Serving) -> list[dict[str, Any]]:
    idle = default_request(serving.settings.generation)
    model, facts = serving.model, serving.door.facts()
    return [slot_object(view, model, facts, idle) for view in views]


def _default_settings(serving: Serving) -> dict[str, Any]:
    request = default_request(serving.settings.generation)
    settings = generation_settings(request, model=serving.model, facts=serving.door.facts())
    return {**settings, "seed": -1 if request.sampling.seed is None else request.sampling.seed}


def default_request(defaults: GenerationDefaults) -> GenerationRequest:
    """Return the request of a client that asks for nothing in particular."""
    return GenerationRequest(
        request_id="",
        prompt=[],
        sampling=defaults.sampling,
        max_tokens=defaults.n_predict if defaults.n_predict >= 0 else None,
        is_until_context_full=defaults.n_predict == UNTIL_FULL,
        stop=defaults.stop,
        n_keep=None if defaults.n_keep < 0 else defaults.n_keep,
        is_cache_wanted=bool(defaults.is_cache_wanted),
    )
