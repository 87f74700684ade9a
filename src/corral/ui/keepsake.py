"""One word that the browser keeps from visit to visit."""

from __future__ import annotations

import json

from nicegui import ui

ANSWER_S = 10.0  # that a browser may take to tell what it kept
# A browser may refuse to keep anything; then it lasts as long as the tab.
_RECALL = "try {{ return localStorage.getItem({key}) }} catch {{ return null }}"
_KEEP = "try {{ localStorage.setItem({key}, {value}) }} catch {{}}"
_FORGET = "try {{ localStorage.removeItem({key}) }} catch {{}}"


class Keepsake:
    """What this tab's browser keeps as `name`, for the server at `prefix`."""

    def __init__(self, name: str, *, prefix: str) -> None:
        self._client = ui.context.client
        self._key = json.dumps(f"corral{prefix}.{name}")

    async def recall(self) -> str | None:
        """Return what is kept, None for nothing. To be asked once the browser is connected."""
        try:
            kept = await self._client.run_javascript(_RECALL.format(key=self._key), timeout=ANSWER_S)
        except TimeoutError:
            return None
        return kept if isinstance(kept, str) else None

    def keep(self, value: str) -> None:
        """Keep `value` instead."""
        self._client.run_javascript(_KEEP.format(key=self._key, value=json.dumps(value)))

    def forget(self) -> None:
        """Keep nothing."""
        self._client.run_javascript(_FORGET.format(key=self._key))
