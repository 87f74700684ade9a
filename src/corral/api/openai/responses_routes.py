"""The rows of OpenAI's Responses API."""

from __future__ import annotations

from corral.api.at_model import AtModel
from corral.api.endpoint import Endpoint
from corral.api.openai import responses
from corral.api.openai.responses_types import ResponsesBody

_TAG = "OpenAI"
_EXAMPLE = {"input": "Hello! Who are you?", "max_output_tokens": 64}


def routes() -> list[Endpoint]:
    """Return the rows."""
    return [
        Endpoint(
            method="POST",
            paths=("/v1/responses", "/responses"),
            handler=AtModel(responses.create, onward="/responses", is_chat=True, is_charged=True),
            tag=_TAG,
            summary="Answer a chat, in the form of the Responses API",
            note=(
                "Takes every option of `/completion` besides OpenAI's own. Nothing is stored, and "
                "`background` is ignored: the answer comes at once, or as a stream. Tools that only OpenAI's "
                "servers run are left out. `incomplete_details` tells when `max_output_tokens` ended the "
                "answer."
            ),
            body=ResponsesBody,
            example=_EXAMPLE,
            differs=(
                "Events carry OpenAI's `sequence_number`, `output_index` and `content_index` too, calls an "
                "`id` beside their `call_id`, and the response repeats its request: OpenAI's clients read "
                "these."
            ),
        ),
        Endpoint(
            method="POST",
            paths=("/v1/responses/input_tokens", "/responses/input_tokens"),
            handler=AtModel(responses.count_tokens, onward="/responses/input_tokens", is_chat=True),
            tag=_TAG,
            summary="Count the tokens of a response's input",
            body=ResponsesBody,
            example=_EXAMPLE,
            differs=(
                "501 for input with images, whose tokens only the engine knows; llama-server counts their "
                "marks as text."
            ),
        ),
    ]
