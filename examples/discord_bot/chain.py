"""The messages that a reply stands on, found by walking references."""

from __future__ import annotations

import logging
from typing import cast

from .cache import MessageCache
from .ports import FindChannel, GatewayErrors, Message, Reference

log = logging.getLogger(__name__)

# The reference of a forwarded or a pinned message is no answer to anybody. The first message of a thread
# is empty and points to the message in the parent channel that the thread was opened from.
FOLLOWED = frozenset({"reply", "thread_starter_message"})


class Chains:
    """Reads reply chains of at most `n_longest` messages, through the cache.

    `gateway_errors` are what fetching may raise. A message that is deleted or out of reach ends its chain:
    the conversation goes on with what can be read.
    """

    def __init__(
        self,
        cache: MessageCache,
        find_channel: FindChannel,
        *,
        n_longest: int,
        gateway_errors: GatewayErrors,
    ) -> None:
        self._cache = cache
        self._find_channel = find_channel
        self._n_longest = n_longest
        self._gateway_errors = gateway_errors

    async def read(self, message: Message) -> list[Message]:
        """Return the chain that ends in `message`, oldest first; `message` alone if it is no reply."""
        chain = [message]
        seen = {message.id}
        while len(chain) < self._n_longest:
            parent = await self.parent(chain[-1])
            if parent is None or parent.id in seen:  # Discord makes no loops; one must not hold us for ever
                break
            seen.add(parent.id)
            chain.append(parent)
        return chain[::-1]

    async def parent(self, message: Message) -> Message | None:
        """Return the message that `message` replies to, None if there is none or none to be read."""
        reference = message.reference
        if reference is None or reference.message_id is None or message.type.name not in FOLLOWED:
            return None
        if (cached := self._cache.get(reference.message_id)) is not None:
            return cached
        # What came along with a message that we keep may have been edited since.
        is_new = self._cache.get(message.id) is None
        parent = _sent_along(reference) if is_new else None
        parent = parent or await self._fetch(message, reference.message_id)
        if parent is not None:
            self._keep(parent)
        return parent

    def _keep(self, message: Message) -> None:
        self._cache.put(message)
        reference = message.reference
        if reference is None or reference.message_id is None or message.type.name not in FOLLOWED:
            return
        parent = _sent_along(reference)
        if parent is not None and self._cache.get(reference.message_id) is None:
            self._cache.put(parent)  # a fetch saved: Discord sends one generation along

    async def _fetch(self, message: Message, message_id: int) -> Message | None:
        assert message.reference is not None
        channel_id = message.reference.channel_id
        channel = message.channel if message.channel.id == channel_id else self._find_channel(channel_id)
        try:
            return await channel.fetch_message(message_id)
        except self._gateway_errors as error:
            log.info("chain.ends_early message=%d missing=%d error=%r", message.id, message_id, error)
            return None


def _sent_along(reference: Reference) -> Message | None:
    # A deleted message comes along as an object with nothing but ids.
    return cast("Message", reference.resolved) if hasattr(reference.resolved, "content") else None
