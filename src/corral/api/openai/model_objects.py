"""One model as lists show it, in OpenAI's form and in Ollama's."""

from __future__ import annotations

from typing import Any

import msgspec

from corral.api.capabilities import capabilities
from corral.api.model_status import status_of
from corral.catalog.model_files import ListedFile
from corral.core.messages import ModelFacts
from corral.core.model_view import ModelView


class ListedModel(msgspec.Struct, frozen=True):
    """A model and what is known of it. `facts` None: it is not loaded, and its file's header says less."""

    view: ModelView
    facts: ModelFacts | None


def model_object(model: ListedModel, *, created_s: int) -> dict[str, Any]:
    """Return OpenAI's object with what llama-server adds to it."""
    return {
        "id": model.view.name,
        "object": "model",
        "created": created_s,
        "owned_by": "llamacpp",
        "aliases": list(model.view.aliases),
        "tags": list(model.view.tags),
        "meta": _meta_of_file(model.view) if model.facts is None else _meta(model.facts),
        "status": status_of(model.view),
        **({} if model.facts is None else {"architecture": _modalities(model.facts)}),
    }


def ollama_object(model: ListedModel, posted: ListedFile) -> dict[str, Any]:
    """Return Ollama's object, with the two keys that POST /models/load takes."""
    view, facts = model.view, model.facts
    return {
        "name": view.name,
        "model": view.name,
        "modelFile": posted.model_file,
        "path": posted.folder,
        "modified_at": "",
        "size": str(view.n_bytes if facts is None else facts.n_bytes),
        "digest": "",
        "type": "model",
        "description": "",
        "tags": list(view.tags),
        "capabilities": ["completion"] if facts is None else capabilities(facts),
        "parameters": "",
        "details": {
            "parent_model": "",
            "format": view.format,
            "family": view.architecture if facts is None else facts.architecture,
            "families": [],
            "parameter_size": "",
            "quantization_level": view.quantization if facts is None else facts.file_type,
        },
    }


def _meta(facts: ModelFacts) -> dict[str, Any]:
    return {
        "vocab_type": facts.vocab_type,
        "n_vocab": facts.n_vocab,
        "n_ctx": facts.n_ctx,
        "n_ctx_train": facts.n_ctx_train,
        "n_embd": facts.n_embd,
        "n_params": facts.n_params,
        "size": facts.n_bytes,
        "ftype": facts.file_type,
    }


def _meta_of_file(view: ModelView) -> dict[str, Any]:
    """Return what is known without loading; what is not is left out."""
    known = {
        "n_ctx_train": view.n_ctx_train,
        "n_params": view.n_params,
        "size": view.n_bytes,
        "ftype": view.quantization,
    }
    return {key: value for key, value in known.items() if value}


def _modalities(facts: ModelFacts) -> dict[str, list[str]]:
    extra = {"image": facts.has_vision, "audio": facts.has_audio}
    taken = ["text", *(kind for kind, is_taken in extra.items() if is_taken)]
    return {"input_modalities": taken, "output_modalities": ["text"]}
