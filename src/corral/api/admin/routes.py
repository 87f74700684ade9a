"""The table of the admin API's routes. All need an admin key."""

from __future__ import annotations

from collections.abc import Callable

from corral.api.admin.control import UNLOAD_WITHIN_S, Control
from corral.api.admin.types import LoadBody, PinBody, PullBody, UnloadBody
from corral.api.at_model import OverModels
from corral.api.endpoint import Endpoint

_TAG = "admin"
_ONE = "/admin/models/{name:path}"


def routes(stop: Callable[[], None] | None = None) -> list[Endpoint]:
    """Return the rows. `stop` asks the server to end as Ctrl-C does, None: it cannot be asked."""
    control = Control(stop)
    # The first row that fits a path serves it, so what ends in a word stands before what ends in a name.
    return [*_of_one(control), *_of_all(control)]


def _of_one(control: Control) -> list[Endpoint]:
    return [
        Endpoint(
            method="POST",
            paths=(f"{_ONE}/load",),
            handler=OverModels(control.load),
            tag=_TAG,
            is_admin=True,
            summary="Load a model",
            note=(
                "Answers when it is ready. One in quarantine is tried again. With `default` requests that "
                "name no model get this one from now on."
            ),
            body=LoadBody,
            example={"default": False},
        ),
        Endpoint(
            method="POST",
            paths=(f"{_ONE}/unload",),
            handler=OverModels(control.unload),
            tag=_TAG,
            is_admin=True,
            summary="Unload a model",
            note=(
                "Answers when its memory is free. Requests that run on it may take `within_s` seconds "
                f"({UNLOAD_WITHIN_S:g}) to end."
            ),
            body=UnloadBody,
            example={"within_s": UNLOAD_WITHIN_S},
        ),
        Endpoint(
            method="POST",
            paths=(f"{_ONE}/pin",),
            handler=OverModels(control.pin),
            tag=_TAG,
            is_admin=True,
            summary="Pin a model",
            note="A pinned model is not unloaded for another, nor when it is idle.",
            body=PinBody,
            example={"pinned": True},
        ),
        Endpoint(
            paths=(f"{_ONE}/placement",),
            handler=OverModels(control.placement),
            tag=_TAG,
            is_admin=True,
            summary="Show what loading a model would do",
            note=(
                "Changes nothing. `verdict`: `start`, `wait` or `refuse`, with the `reason`; `need` in "
                "bytes; `evicted` would be unloaded at once, `closed` when their requests have ended."
            ),
        ),
        Endpoint(
            paths=(_ONE,),
            handler=OverModels(control.one),
            tag=_TAG,
            is_admin=True,
            summary="Describe a model",
        ),
        Endpoint(
            method="DELETE",
            paths=(_ONE,),
            handler=OverModels(control.delete),
            tag=_TAG,
            is_admin=True,
            summary="Delete a model",
            note="Unloads it and removes its files from this machine; `deleted` are their paths.",
        ),
    ]


def _of_all(control: Control) -> list[Endpoint]:
    return [
        Endpoint(
            paths=("/admin/models",),
            handler=OverModels(control.every),
            tag=_TAG,
            is_admin=True,
            summary="List all models with their states",
        ),
        Endpoint(
            method="POST",
            paths=("/admin/pull",),
            handler=OverModels(control.pull),
            tag=_TAG,
            is_admin=True,
            summary="Download a model",
            note=(
                "`source` is `owner/name:QUANT` of Hugging Face or an address. Answers with the model when "
                'it is here; with `stream` the events before tell how far it is: `{"download": {"model", '
                '"progress", ...}}`, and the last is `{"model": {...}}`.'
            ),
            body=PullBody,
            example={"source": "owner/name:Q4_K_M", "stream": True},
        ),
        Endpoint(
            method="POST",
            paths=("/admin/rescan",),
            handler=OverModels(control.rescan),
            tag=_TAG,
            is_admin=True,
            summary="Look for new, changed and vanished models",
        ),
        Endpoint(
            paths=("/admin/events",),
            handler=OverModels(control.events),
            tag=_TAG,
            is_admin=True,
            summary="Follow the states of all models",
            note=(
                "A stream of events `{n, model, state, progress, reason}`. It begins with the present "
                "state of each model, whose `n` is 0, and ends with the server."
            ),
        ),
        Endpoint(
            method="POST",
            paths=("/admin/stop",),
            handler=OverModels(control.stop),
            tag=_TAG,
            is_admin=True,
            summary="Stop the server",
            note="As Ctrl-C does: no new requests, those that run may end in time.",
        ),
    ]
