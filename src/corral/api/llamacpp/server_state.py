"""GET /health, /props, /slots: what the server is and does now."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from corral.api import body
from corral.api.generation.limits import UNTIL_FULL
from corral.api.generation.settings_echo import generation_settings
from corral.api.llamacpp.slots import slot_object
from corral.api.llamacpp.types import PropsBody
from corral.api.replies import json_reply
from corral.api.serving import Serving
from corral.core.errors import NotSupportedError, UnavailableError
from corral.core.request import GenerationRequest
from corral.core.settings import GenerationDefaults

_NO_PROPS = "This server does not support changing global properties. Start it with `--props`"
_NO_SLOTS = "This server does not support slots endpoint. Start it with `--slots`"


class ServerState:
    """What is, and the one thing that can be changed."""

    def __init__(self, serving: Serving) -> None:
        self._serving = serving

    async def health(self, _request: Request) -> Response:
        """Say that requests are served; while they are not, the loading gate answers."""
        return json_reply({"status": "ok"})

    async def props(self, _request: Request) -> Response:
        """Describe the server and the model."""
        facts, model = self._serving.door.facts(), self._serving.settings.model
        server = self._serving.settings.server
        defaults = self._default_settings()
        return json_reply(
            {
                "system_prompt": facts.system_prompt,
                "default_generation_settings": {**defaults, "params": defaults},
                "total_slots": facts.n_slots,
                "chat_template": facts.chat_template or "",
                "model_path": facts.path or model.path or self._serving.model,
                "model_alias": model.alias or self._serving.model,
                "model_ftype": facts.file_type,
                "modalities": {"vision": facts.has_vision, "video": False, "audio": facts.has_audio},
                "media_marker": self._serving.media.mark,
                "endpoint_slots": server.is_slots,
                "endpoint_props": server.is_props,
                "endpoint_metrics": server.is_metrics,
                "ui": server.is_ui,
                "bos_token": facts.bos_text,
                "eos_token": facts.eos_text,
                "build_info": facts.build,
                "is_sleeping": False,
                "chat_template_caps": self._serving.template().capabilities,
            }
        )

    async def change_props(self, request: Request) -> Response:
        """Change the system prompt, if the body has one."""
        if not self._serving.settings.server.is_props:
            raise NotSupportedError(_NO_PROPS)
        wanted = await body.read(request, PropsBody)
        if wanted.system_prompt is not None:
            await self._serving.door.state.set_system_prompt(wanted.system_prompt)
        return json_reply({"success": True})

    async def slots(self, request: Request) -> Response:
        """Return what each slot does."""
        if not self._serving.settings.server.is_slots:
            raise NotSupportedError(_NO_SLOTS)
        views = self._serving.door.slots()
        if "fail_on_no_slot" in request.query_params and all(view.is_processing for view in views):
            raise UnavailableError("no slot available")
        idle = default_request(self._serving.settings.generation)
        model, facts = self._serving.model, self._serving.door.facts()
        return json_reply([slot_object(view, model, facts, idle) for view in views])

    def _default_settings(self) -> dict[str, Any]:
        request = default_request(self._serving.settings.generation)
        facts = self._serving.door.facts()
        settings = generation_settings(request, model=self._serving.model, facts=facts)
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
