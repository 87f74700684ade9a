"""POST /slots/{id_slot}?action=save|restore|erase."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from corral.api import body
from corral.api.auth import caller_of, is_admin
from corral.api.connection import while_connected
from corral.api.llamacpp.slot_names import slot_file_name
from corral.api.llamacpp.types import SlotFileBody
from corral.api.ports import DoorPort, StatePort
from corral.api.replies import json_reply
from corral.api.serving import Serving
from corral.core.errors import InvalidRequestError, NotSupportedError

_OFF = "This server does not support slots action. Start it with `--slot-save-path`"


async def act(request: Request, serving: Serving) -> Response:
    """Move what a slot holds to or from a file of one folder; a busy slot is waited for.

    What another key has asked is neither saved nor erased, but for administrators.
    """
    server = serving.settings.server
    folder = server.slot_save_dir
    if folder is None:
        raise NotSupportedError(_OFF)
    owner = "" if is_admin(request, server) else caller_of(request)
    state, slot = serving.door.state, _slot(request.path_params["id_slot"], serving.door)
    match request.query_params.get("action"):
        case "save":
            work = _save(state, slot, await _file_name(request), folder=folder, caller=owner)
        case "restore":
            name = await _file_name(request)
            work = _restore(state, slot, name, folder=folder, caller=caller_of(request))
        case "erase":
            work = _erase(state, slot, owner)
        case _:
            raise InvalidRequestError("Invalid action")
    return json_reply(await while_connected(request.receive, work))


def _slot(text: str, door: DoorPort) -> int:
    n_slots = door.facts().n_slots
    if not text.isascii() or not text.isdecimal() or len(text) > 9 or int(text) >= n_slots:
        raise InvalidRequestError("Invalid slot ID")
    return int(text)


async def _save(state: StatePort, slot: int, name: str, *, folder: str, caller: str) -> dict[str, Any]:
    moved = await state.save_slot(slot, str(Path(folder) / name), caller)
    return {
        "id_slot": slot,
        "filename": name,
        "n_saved": moved.n_tokens,
        "n_written": moved.n_bytes,
        "timings": {"save_ms": moved.elapsed_ms},
    }


async def _restore(state: StatePort, slot: int, name: str, *, folder: str, caller: str) -> dict[str, Any]:
    moved = await state.restore_slot(slot, str(Path(folder) / name), caller)
    return {
        "id_slot": slot,
        "filename": name,
        "n_restored": moved.n_tokens,
        "n_read": moved.n_bytes,
        "timings": {"restore_ms": moved.elapsed_ms},
    }


async def _erase(state: StatePort, slot: int, caller: str) -> dict[str, Any]:
    moved = await state.erase_slot(slot, caller)
    return {"id_slot": slot, "n_erased": moved.n_tokens}


async def _file_name(request: Request) -> str:
    return slot_file_name((await body.read(request, SlotFileBody)).filename)
