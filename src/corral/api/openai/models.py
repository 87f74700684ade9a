"""GET /v1/models: the one model that is served."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from corral.api.capabilities import capabilities
from corral.api.replies import json_reply
from corral.api.serving import Serving
from corral.core.errors import NotFoundError


class Models:
    """The routes that list models."""

    def __init__(self, serving: Serving) -> None:
        self._serving = serving

    async def every(self, _request: Request) -> Response:
        """List the model, in OpenAI's form and in Ollama's."""
        listed = [self._object()]
        return json_reply({"object": "list", "data": listed, "models": [self._ollama_object()]})

    async def one(self, request: Request) -> Response:
        """Describe the model by its id."""
        names = {self._serving.model, *self._serving.settings.model.aliases}
        if request.path_params["model"] not in names:
            raise NotFoundError(f"The model '{request.path_params['model']}' does not exist")
        return json_reply(self._object())

    def _object(self) -> dict[str, Any]:
        facts, settings = self._serving.door.facts(), self._serving.settings.model
        return {
            "id": self._serving.model,
            "object": "model",
            "created": self._serving.started_s,
            "owned_by": "llamacpp",
            "aliases": list(settings.aliases),
            "tags": list(settings.tags),
            "meta": {
                "vocab_type": facts.vocab_type,
                "n_vocab": facts.n_vocab,
                "n_ctx": facts.n_ctx,
                "n_ctx_train": facts.n_ctx_train,
                "n_embd": facts.n_embd,
                "n_params": facts.n_params,
                "size": facts.n_bytes,
                "ftype": facts.file_type,
            },
        }

    def _ollama_object(self) -> dict[str, Any]:
        name, facts = self._serving.model, self._serving.door.facts()
        return {
            "name": name,
            "model": name,
            "modified_at": "",
            "size": str(facts.n_bytes),
            "digest": "",
            "type": "model",
            "description": "",
            "tags": list(self._serving.settings.model.tags),
            "capabilities": capabilities(facts),
            "parameters": "",
            "details": {
                "parent_model": "",
                "format": "gguf",
                "family": facts.architecture,
                "families": [],
                "parameter_size": "",
                "quantization_level": facts.file_type,
            },
        }
