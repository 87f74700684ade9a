"""One declared model: its name and everything that serving it needs to be told."""

from __future__ import annotations

import msgspec

from corral.core.settings import Settings


class ModelDefinition(msgspec.Struct, frozen=True, kw_only=True):
    """A model that requests may name.

    `settings` are whole: what the server was told, with what the definition says instead; the slices
    `server`, `log`, `catalog` and `placement` are the server's. `aliases` are further names, besides those
    in `settings.model`. `runner` names the kind of engine that it is declared for: "llama", or one that this
    Corral may not have ("exllama", ...). `origin` says where it was declared, for people.
    """

    name: str
    settings: Settings
    aliases: tuple[str, ...] = ()
    runner: str = "llama"
    origin: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The name and every other that means the same model."""
        return tuple(dict.fromkeys((self.name, *self.aliases, *self.settings.model.aliases)))
