"""Who a model speaks as: characters of role play and LoLLMs' personalities are both read into this."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec

from corral.prompt.lorebook.book import Lorebook

_MANY_ENTRIES = 100


class Speaker(StrEnum):
    """Who says a turn of an example."""

    USER = "user"
    CHARACTER = "character"
    SYSTEM = "system"


class Turn(msgspec.Struct, frozen=True):
    """One message of an example dialogue."""

    speaker: Speaker
    text: str


class PersonaSampling(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a persona likes its tokens chosen, where the request says nothing. None: as the server has it."""

    temperature: float | None = None
    top_k: int | None = None
    top_p: float | None = None
    min_p: float | None = None
    repeat_penalty: float | None = None
    repeat_last_n: int | None = None
    max_tokens: int | None = None


class Credits(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What people want to know of a persona; none of it is in a prompt."""

    creator: str = ""
    version: str = ""
    notes: str = ""
    tags: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


class Persona(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A name, a manner and a memory. Every text may hold placeholders (`prompt.characters.placeholders`).

    `description`, `personality` and `scenario` are what the model is told; `system` how it is to behave, None
    for the usual sentence; `after_history` stands behind the chat. `greetings` holds the greeting and its
    alternates. `examples` are dialogues. `user_prefix` and `character_prefix` begin turns where a prompt is
    plain text; None: the name and a colon. `nickname` is what `{{char}}` means where it is not the name.
    `extensions` are kept for whoever understands them.
    """

    name: str
    nickname: str = ""
    description: str = ""
    personality: str = ""
    scenario: str = ""
    system: str | None = None
    after_history: str = ""
    greetings: tuple[str, ...] = ()
    examples: tuple[tuple[Turn, ...], ...] = ()
    stop: tuple[str, ...] = ()
    sampling: PersonaSampling = PersonaSampling()
    emotions: tuple[str, ...] = ()
    user_name: str = "User"
    user_prefix: str | None = None
    character_prefix: str | None = None
    lorebook: Lorebook | None = None
    credits: Credits = Credits()
    extensions: dict[str, Any] = {}

    @property
    def called(self) -> str:
        """What `{{char}}` means."""
        return self.nickname or self.name

    @property
    def has_long_lore(self) -> bool:
        """Whether its lorebook keeps a processor busy for milliseconds, looked up in a chat."""
        return self.lorebook is not None and len(self.lorebook.entries) > _MANY_ENTRIES

    @property
    def greeting(self) -> str:
        """What it says first; "" if it waits for the user."""
        return self.greetings[0] if self.greetings else ""
