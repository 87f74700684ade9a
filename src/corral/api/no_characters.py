"""What a server without a folder of characters has in its place."""

from __future__ import annotations

from corral.core.errors import NotFoundError
from corral.prompt.persona import Persona


class NoCharacters:
    """No characters, and none to come."""

    async def refresh(self) -> None:
        """There is nothing to look at."""

    def find(self, name: str) -> Persona:
        """Raise NotFoundError."""
        raise NotFoundError(
            f"There is no character '{name}': this server has no folder of characters (--characters-dir)"
        )

    def names(self) -> list[str]:
        """Return nothing."""
        return []

    def complaints(self) -> dict[str, str]:
        """Return nothing."""
        return {}
