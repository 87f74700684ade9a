"""The table of the one route."""

from __future__ import annotations

from corral.api.at_model import AtModel
from corral.api.endpoint import Endpoint
from corral.api.llama2 import text
from corral.api.llama2.types import PutTextBody


def routes() -> list[Endpoint]:
    """Return the rows of this dialect."""
    return [
        Endpoint(
            method="PUT",
            paths=("/put/text",),
            handler=AtModel(text.put, is_chat=True, is_charged=True),
            tag="Llama 2",
            summary="Answer a chat as a whole, in the form of a small server of Llama 2",
            note=(
                "The body is the list of messages, or an object that holds it as `messages`; the options may "
                "stand in the query instead. `temperature` (0 to 1, default 0.6), `top_p` (0 to 1, default "
                "0.9), `max_gen_len` (default: what the context leaves). At most one message of the system "
                "and that first, then user and assistant in turn, the user last; the answer is a "
                "message to append to the list. The chat template is the model's own; one without gets "
                "Llama 2's format. Marks by which the template tells turns apart are refused inside "
                "messages of user and system. A client that appends and asks again in a "
                "loop comes to the end of the context: the answer is 400 then, and no message to append. "
                "Answers `worker_id` (the id of the engine's process), `choices`, `version` (the model and "
                "what tells its content) and `latency` (seconds, without loading)."
            ),
            body=PutTextBody,
            example={
                "messages": [
                    {"role": "system", "content": "Always answer in haiku"},
                    {"role": "user", "content": "Hello! Who are you?"},
                ]
            },
            differs="llama-server has no such route.",
        )
    ]
