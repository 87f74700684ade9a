"""What the bot needs of Discord. discord.py's own objects fit these, and so do the fakes of the tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol


class Author(Protocol):
    """A person or a bot, with the name that is shown in this place."""

    @property
    def id(self) -> int: ...  # noqa: D102
    @property
    def bot(self) -> bool: ...  # noqa: D102
    @property
    def display_name(self) -> str: ...  # noqa: D102


class Named(Protocol):
    """A channel that is named in a text."""

    @property
    def id(self) -> int: ...  # noqa: D102
    @property
    def name(self) -> str: ...  # noqa: D102


class RoleTags(Protocol):
    """Why a role exists; `bot_id` is the bot that Discord made it for."""

    @property
    def bot_id(self) -> int | None: ...  # noqa: D102


class Role(Named, Protocol):
    """A role that is named in a text."""

    @property
    def tags(self) -> RoleTags | None: ...  # noqa: D102


class Kind(Protocol):
    """Discord's type of a message; only "default" and "reply" are written by people."""

    @property
    def name(self) -> str: ...  # noqa: D102


class Reference(Protocol):
    """Which message another one points to; `resolved` is that message where Discord sent it along."""

    @property
    def message_id(self) -> int | None: ...  # noqa: D102
    @property
    def channel_id(self) -> int: ...  # noqa: D102
    @property
    def resolved(self) -> object: ...  # noqa: D102


class Channel(Protocol):
    """A channel, a thread or a private conversation."""

    @property
    def id(self) -> int: ...  # noqa: D102
    async def fetch_message(self, message_id: int, /) -> Message: ...  # noqa: D102
    def typing(self) -> AbstractAsyncContextManager[object]: ...  # noqa: D102


class Message(Protocol):
    """One message, as Discord stores it."""

    @property
    def id(self) -> int: ...  # noqa: D102
    @property
    def type(self) -> Kind: ...  # noqa: D102
    @property
    def content(self) -> str: ...  # noqa: D102
    @property
    def author(self) -> Author: ...  # noqa: D102
    @property
    def channel(self) -> Channel: ...  # noqa: D102
    @property
    def reference(self) -> Reference | None: ...  # noqa: D102
    @property
    def mentions(self) -> Sequence[Author]: ...  # noqa: D102
    @property
    def role_mentions(self) -> Sequence[Role]: ...  # noqa: D102
    @property
    def channel_mentions(self) -> Sequence[Named]: ...  # noqa: D102
    async def reply(self, content: str, *, mention_author: bool) -> Message: ...  # noqa: D102
    async def add_reaction(self, emoji: str, /) -> None: ...  # noqa: D102


FindChannel = Callable[[int], Channel]
GatewayErrors = tuple[type[Exception], ...]  # what Discord's calls raise: all others are our own mistakes
