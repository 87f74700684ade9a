"""The table of the admin API's routes. All need an admin key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from corral.api.admin.control import UNLOAD_WITHIN_S, Control
from corral.api.admin.types import LoadBody, PinBody, PullBody, UnloadBody
from corral.api.at_model import ModelsHandler, OverModels
from corral.api.endpoint import Endpoint

_TAG = "admin"
_ONE = "/admin/models/{name:path}"


def routes(stop: Callable[[], None] | None = None) -> list[Endpoint]:
    """Return the rows. `stop` asks the server to end as Ctrl-C does, None: it cannot be asked."""
    control = Control(stop)
    # The first row that fits a path serves it, so what ends in a word stands before what ends in a name.
    return [*_loading_of_one(control), *_one_itself(control), *_of_all(control)]


def _row(path: str, handler: ModelsHandler, summary: str, **facts: Any) -> Endpoint:  # noqa: ANN401 - its fields
    return Endpoint(
        paths=(path,), handler=OverModels(handler), tag=_TAG, is_admin=True, summary=summary, **facts
    )


def _loading_of_one(control: Control) -> list[Endpoint]:
    return [
        _row(
            f"{_ONE}/load",
            control.load,
            "Load a model",
            method="POST",
            note=(
                "Answers when it is ready. One in quarantine is tried again. With `default` requests that "
                "name no model get this one from now on."
            ),
            body=LoadBody,
            example={"default": False},
        ),
        _row(
            f"{_ONE}/unload",
            control.unload,
            "Unload a model",
            method="POST",
            note=(
                "Answers when its memory is free. Requests that run on it may take `within_s` seconds "
                f"({UNLOAD_WITHIN_S:g}) to end."
            ),
            body=UnloadBody,
            example={"within_s": UNLOAD_WITHIN_S},
        ),
        _row(
            f"{_ONE}/pin",
            control.pin,
            "Pin a model",
            method="POST",
            note="A pinned model is not unloaded for another, nor when it is idle.",
            body=PinBody,
            example={"pinned": True},
        ),
    ]


def _one_itself(control: Control) -> list[Endpoint]:
    return [
        _row(
            f"{_ONE}/placement",
            control.placement,
            "Show what loading a model would do",
            note=(
                "Changes nothing. `verdict`: `start`, `wait` or `refuse`, with the `reason`; `need` in "
                "bytes; `evicted` would be unloaded at once, `closed` when their requests have ended."
            ),
        ),
        _row(
            _ONE,
            control.one,
            "Describe a model",
        ),
        _row(
            _ONE,
            control.delete,
            "Delete a model",
            method="DELETE",
            note="Unloads it and removes its files from this machine; `deleted` are their paths.",
        ),
    ]


def _of_all(control: Control) -> list[Endpoint]:
    return [
        _row(
            "/admin/models",
            control.every,
            "List all models with their states",
        ),
        _row(
            "/admin/pull",
            control.pull,
            "Download a model",
            method="POST",
            note=(
                "`source` is `owner/name:QUANT` of Hugging Face or an address. Answers with the model when "
                'it is here; with `stream` the events before tell how far it is: `{"download": {"model", '
                '"progress", ...}}`, and the last is `{"model": {...}}`.'
            ),
            body=PullBody,
            example={"source": "owner/name:Q4_K_M", "stream": True},
        ),
        _row(
            "/admin/rescan",
            control.rescan,
            "Look for new, changed and vanished models",
            method="POST",
        ),
        _row(
            "/admin/events",
            control.events,
            "Follow the states of all models",
            note=(
                "A stream of events `{n, model, state, progress, reason}`. It begins with the present "
                "state of each model, whose `n` is 0, and ends with the server."
            ),
        ),
        _row(
            "/admin/stop",
            control.stop,
            "Stop the server",
            method="POST",
            note="As Ctrl-C does: no new requests, those that run may end in time.",
        ),
    ]
