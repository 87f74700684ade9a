"""Options that mean something but cannot be honoured yet are refused by name, never dropped in silence."""

from __future__ import annotations

from corral.api.generation.fields import GenerationFields
from corral.core import log
from corral.core.errors import InvalidRequestError

_log = log.get("api.generation")


def refuse_unserved(fields: GenerationFields) -> None:
    """Raise InvalidRequestError for an option that would change the text but is not served yet."""
    if fields.grammar and fields.json_schema is not None:
        message = 'Either "json_schema" or "grammar" can be specified, but not both'
        raise InvalidRequestError(message)
    if fields.grammar:
        raise InvalidRequestError("Field 'grammar': structured output is not served yet")
    if fields.json_schema is not None:
        raise InvalidRequestError("Field 'json_schema': structured output is not served yet")
    if fields.tfs_z is not None and fields.tfs_z < 1:
        raise InvalidRequestError("Field 'tfs_z': tail-free sampling is not served yet; 1.0 leaves it off")
    if fields.penalize_nl:
        raise InvalidRequestError("Field 'penalize_nl': only false is served yet")
    if fields.n_indent:
        raise InvalidRequestError("Field 'n_indent': a least indentation is not served yet")
    if fields.lora:
        raise InvalidRequestError("Field 'lora': adapters are not served yet")
    if fields.image_data:
        # llama-server ignored it on text models, and its old web page always sends it.
        _log.warning("request.images_ignored", n_images=len(fields.image_data))
