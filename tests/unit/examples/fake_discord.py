"""A Discord of one process: what the bot uses of discord.py's objects, and no more."""

from __future__ import annotations

import contextlib
from itertools import count
from types import SimpleNamespace

BOT_ID = 999


class FakeDiscordError(Exception):
    """What discord.DiscordException is to the real one."""


class NotFound(FakeDiscordError):  # noqa: N818 (discord.py's name)
    """The message is deleted."""


class Forbidden(FakeDiscordError):  # noqa: N818
    """The bot may not."""


def named(ident, name, bot_id=None):
    return SimpleNamespace(
        id=ident, name=name, tags=None if bot_id is None else SimpleNamespace(bot_id=bot_id)
    )


def person(ident, name, *, is_bot=False):
    return SimpleNamespace(id=ident, display_name=name, bot=is_bot)


BOT = person(BOT_ID, "Marla", is_bot=True)
ANN = person(1, "Ann")
BEN = person(2, "Ben")


class FakeChannel:
    """Holds its messages by id; `refusal` is what every fetch raises, `typing_refusal` typing."""

    def __init__(self, discord, ident):
        self.id = ident
        self.discord = discord
        self.messages = {}
        self.fetched = []
        self.n_typing = 0
        self.was_typing = False
        self.refusal = None
        self.typing_refusal = None

    async def fetch_message(self, message_id, /):
        self.fetched.append(message_id)
        if self.refusal is not None:
            raise self.refusal
        if message_id not in self.messages:
            raise NotFound(message_id)
        return self.messages[message_id]

    @contextlib.asynccontextmanager
    async def typing(self):
        if self.typing_refusal is not None:
            raise self.typing_refusal
        self.n_typing += 1
        self.was_typing = True
        try:
            yield
        finally:
            self.n_typing -= 1

    def delete(self, message):
        del self.messages[message.id]


class FakeMessage:
    """A message; `reply_to` makes it a reply, which Discord sends along only where `is_resolved`."""

    def __init__(  # noqa: PLR0913 (what a message is made of)
        self, channel, author, content, *, reply_to=None, kind=None, mentions=(), is_resolved=False
    ):
        self.id = next(channel.discord.ids)
        self.channel = channel
        self.author = author
        self.content = content
        self.type = SimpleNamespace(name=kind or ("default" if reply_to is None else "reply"))
        self.mentions = list(mentions)
        self.role_mentions = []
        self.channel_mentions = []
        self.reference = None if reply_to is None else reference(reply_to, is_resolved=is_resolved)
        self.reactions = []
        self.refusal = None
        channel.messages[self.id] = self

    async def reply(self, content, *, mention_author):
        assert content.strip(), "Discord refuses empty messages"
        assert len(content) <= 2_000, "Discord refuses long messages"
        assert not mention_author
        if self.refusal is not None:
            raise self.refusal
        if self.id not in self.channel.messages:
            raise NotFound(self.id)
        sent = FakeMessage(self.channel, BOT, content, reply_to=self, is_resolved=True)
        self.channel.discord.sent.append(sent)
        return sent

    async def add_reaction(self, emoji, /):
        if self.channel.discord.reaction_refusal is not None:
            raise self.channel.discord.reaction_refusal
        self.reactions.append(emoji)


def reference(message, *, is_resolved=False):
    return SimpleNamespace(
        message_id=message.id, channel_id=message.channel.id, resolved=message if is_resolved else None
    )


class FakeDiscord:
    """All channels, and what the bot has sent, in order."""

    def __init__(self):
        self.ids = count(1_000)
        self.channels = {}
        self.sent = []
        self.reaction_refusal = None

    def channel(self, ident=10):
        return self.channels.setdefault(ident, FakeChannel(self, ident))

    def says(self, author, content, *, channel=None, **options):
        """Post a message; its text mentions the bot where it holds <@999>."""
        mentions = [BOT] if f"<@{BOT_ID}>" in content else []
        options = {"mentions": mentions} | options
        return FakeMessage(channel or self.channel(), author, content, **options)

    @property
    def texts(self):
        return [message.content for message in self.sent]
