"""POST /slots/{id_slot}?action=save|restore|erase."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from corral.api import body
from corral.api.auth import caller_of
from corral.api.connection import while_connected
from corral.api.llamacpp.slot_names import slot_file_name
from corral.api.llamacpp.types import SlotFileBody
from corral.api.replies import json_reply
from corral.api.serving import Serving
from corral.core.errors import InvalidRequestError, NotSupportedError

_OFF = "This server does not support slots action. Start it with `--slot-save-path`"


class SlotActions:
    """The route that moves what a slot holds to and from files of one folder."""

    def __init__(self, serving: Serving) -> None:
        self._serving = serving

    async def __call__(self, request: Request) -> Response:
        """Do the action; one on a busy slot waits until it is idle."""
        folder = self._serving.settings.server.slot_save_dir
        if folder is None:
            raise NotSupportedError(_OFF)
        slot = self._slot(request.path_params["id_slot"])
        match request.query_params.get("action"):
            case "save":
                work = self._save(slot, await _file_name(request), folder)
            case "restore":
                work = self._restore(slot, await _file_name(request), folder, caller_of(request))
            case "erase":
                work = self._erase(slot)
            case _:
                raise InvalidRequestError("Invalid action")
        return json_reply(await while_connected(request.receive, work))

    def _slot(self, text: str) -> int:
        n_slots = self._serving.door.facts().n_slots
        if not text.isascii() or not text.isdecimal() or len(text) > 9 or int(text) >= n_slots:
            raise InvalidRequestError("Invalid slot ID")
        return int(text)

    async def _save(self, slot: int, name: str, folder: str) -> dict[str, Any]:
        moved = await self._serving.door.state.save_slot(slot, str(Path(folder) / name))
        return {
            "id_slot": slot,
            "filename": name,
            "n_saved": moved.n_tokens,
            "n_written": moved.n_bytes,
            "timings": {"save_ms": moved.elapsed_ms},
        }

    async def _restore(self, slot: int, name: str, folder: str, caller: str) -> dict[str, Any]:
        moved = await self._serving.door.state.restore_slot(slot, str(Path(folder) / name), caller)
        return {
            "id_slot": slot,
            "filename": name,
            "n_restored": moved.n_tokens,
            "n_read": moved.n_bytes,
            "timings": {"restore_ms": moved.elapsed_ms},
        }

    async def _erase(self, slot: int) -> dict[str, Any]:
        moved = await self._serving.door.state.erase_slot(slot)
        return {"id_slot": slot, "n_erased": moved.n_tokens}


async def _file_name(request: Request) -> str:
    return slot_file_name((await body.read(request, SlotFileBody)).filename)
