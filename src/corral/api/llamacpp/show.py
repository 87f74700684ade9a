"""POST /api/show: the model as Ollama's clients ask for it (llama-server, 2025)."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from corral.api import body
from corral.api.capabilities import capabilities
from corral.api.replies import json_reply
from corral.api.serving import Serving


class ShowBody(msgspec.Struct):
    """POST /api/show."""

    model: str | None = None


async def show(request: Request, serving: Serving) -> Response:
    """Describe the model."""
    await body.read(request, ShowBody)
    facts = serving.door.facts()
    details = {
        "parent_model": "",
        "format": "gguf",
        "family": facts.architecture,
        "families": [facts.architecture],
        "parameter_size": "",
        "quantization_level": "",
    }
    return json_reply(
        {
            "template": facts.chat_template or "",
            "model_info": {"llama.context_length": facts.n_ctx},
            "modelfile": "",
            "parameters": "",
            "details": details,
            "capabilities": capabilities(facts),
        }
    )
