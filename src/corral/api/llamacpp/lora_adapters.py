"""GET and POST /lora-adapters: the adapters and their scales, in force unless a request says others."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from corral.api import body
from corral.api.auth import check_change_for_all
from corral.api.generation.loras import to_scales
from corral.api.replies import json_reply
from corral.api.serving import Serving
from corral.core.errors import InvalidRequestError


async def show(_request: Request, serving: Serving) -> Response:
    """Return every adapter with the scale in force."""
    loras = serving.door.facts().loras
    return json_reply(
        [
            {
                "id": number,
                "path": lora.path,
                "scale": lora.scale,
                "task_name": lora.task_name,
                "prompt_prefix": lora.prompt_prefix,
            }
            for number, lora in enumerate(loras)
        ]
    )


async def change(request: Request, serving: Serving) -> Response:
    """Set all scales at once; what is not named gets 0. Nothing changes when anything is wrong."""
    check_change_for_all(request, serving.settings.server)
    wanted: Any = body.parse(await body.read_bytes(request), object)
    if not isinstance(wanted, list):
        raise InvalidRequestError("Request body must be an array")
    door = serving.door
    await door.state.set_loras(list(to_scales(wanted, len(door.facts().loras))))
    return json_reply({"success": True})
