"""Sends what the bot says."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from .cache import MessageCache
from .ports import Channel, GatewayErrors, Message
from .split import split

log = logging.getLogger(__name__)


class Speaker:
    """Replies in parts that Discord takes. What Discord refuses is logged and ends in nothing worse."""

    def __init__(self, cache: MessageCache, gateway_errors: GatewayErrors) -> None:
        self._cache = cache
        self._gateway_errors = gateway_errors

    async def reply(self, message: Message, text: str, reaction: str | None = None) -> None:
        """Answer `message` with `text`, and put `reaction` on the last part.

        Each part replies to the one before: a reply to the last one then has the whole answer in its chain.
        """
        last = message
        try:
            for part in split(text):
                last = await last.reply(part, mention_author=False)
                self._cache.put(last)
            if reaction is not None and last is not message:
                await last.add_reaction(reaction)
        except self._gateway_errors as error:
            log.warning("discord.refused message=%d error=%r", message.id, error)

    @asynccontextmanager
    async def typing(self, channel: Channel) -> AsyncIterator[None]:
        """Show that the bot is typing, where Discord lets us."""
        async with AsyncExitStack() as stack:
            try:
                await stack.enter_async_context(channel.typing())
            except self._gateway_errors as error:
                log.info("discord.no_typing channel=%d error=%r", channel.id, error)
            yield
