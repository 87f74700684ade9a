"""The Discord side: the only file that imports discord.py."""

from __future__ import annotations

import logging

import discord

from .character import Character
from .responder import Responder
from .server import ChatServer
from .settings import Settings, SettingsError

log = logging.getLogger(__name__)

# OSError: a connection to Discord that broke, after discord.py's own tries.
GATEWAY_ERRORS = (discord.DiscordException, OSError)


class Bot(discord.Client):
    """Hands Discord's events to the Responder.

    No mention in what it sends pings anybody: the model's text must not call @everyone.
    """

    def __init__(self, server: ChatServer, character: Character, settings: Settings) -> None:
        super().__init__(intents=_intents(), allowed_mentions=discord.AllowedMentions.none())
        self._server = server
        self._responder = Responder(
            server,
            character,
            settings,
            find_channel=self.get_partial_messageable,
            gateway_errors=GATEWAY_ERRORS,
        )

    async def on_ready(self) -> None:
        """Say in the log who we are."""
        log.info("bot.ready name=%s", self.user)

    async def on_message(self, message: discord.Message) -> None:
        """Answer what is for us."""
        if self.user is not None:
            await self._responder.on_message(message, self.user.id)

    async def on_raw_message_edit(self, event: discord.RawMessageUpdateEvent) -> None:
        """Raw, as are all here: discord.py's own events leave out messages that it does not hold."""
        self._responder.on_edit(event.message_id)

    async def on_raw_message_delete(self, event: discord.RawMessageDeleteEvent) -> None:
        """Stop answering what is gone."""
        self._responder.on_delete(event.message_id)

    async def on_raw_bulk_message_delete(self, event: discord.RawBulkMessageDeleteEvent) -> None:
        """Stop answering what a moderator cleared away."""
        for message_id in event.message_ids:
            self._responder.on_delete(message_id)

    async def close(self) -> None:
        """Leave Discord, then the server."""
        await super().close()
        await self._server.close()


def run(character: Character, settings: Settings) -> None:
    """Run a bot until it is stopped; raises SettingsError where Discord does not let it in."""
    server = ChatServer(settings.url, api_key=settings.api_key, timeout_s=settings.timeout_s)
    try:
        Bot(server, character, settings).run(settings.token, root_logger=True)
    except discord.LoginFailure as error:
        raise SettingsError("Discord does not accept DISCORD_TOKEN.") from error
    except discord.PrivilegedIntentsRequired as error:
        raise SettingsError("'Message Content Intent' is off in Discord's developer portal.") from error


def _intents() -> discord.Intents:
    # Without the content of messages, those of a chain that do not mention the bot would come empty.
    intents = discord.Intents.none()
    intents.guilds = intents.messages = intents.message_content = True
    return intents
