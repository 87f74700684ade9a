"""From a message to its answer."""

from __future__ import annotations

import logging
from typing import Any, Protocol

from .cache import MessageCache
from .chain import Chains
from .character import Character
from .conversation import Conversation, turns_of
from .emotion import Emotions
from .mention import is_mentioned
from .notice import NUDGE, SPEECHLESS, notice_of
from .ports import FindChannel, GatewayErrors, Message
from .running import RunningAnswers
from .server import ChatError, Reply
from .settings import Settings
from .speaker import Speaker
from .turnstile import FullLineError, Turnstile

log = logging.getLogger(__name__)

WRITTEN_BY_PEOPLE = frozenset({"default", "reply"})


class Chat(Protocol):
    """Who thinks of an answer."""

    async def ask(self, body: dict[str, Any]) -> Reply:
        """Return the answer to a `/chat` body; raises ChatError."""


class Responder:
    """Answers the messages that are for the bot: those that mention it, and replies to its own."""

    def __init__(
        self,
        chat: Chat,
        character: Character,
        settings: Settings,
        *,
        find_channel: FindChannel,
        gateway_errors: GatewayErrors,
    ) -> None:
        self._chat = chat
        self._character = character
        self._cache = MessageCache(settings.n_cache)
        self._chains = Chains(
            self._cache, find_channel, n_longest=settings.n_chain, gateway_errors=gateway_errors
        )
        self._emotions = Emotions(character.emoji, settings.display)
        self._turnstile = Turnstile(settings.n_at_once, settings.n_waiting)
        self._speaker = Speaker(self._cache, gateway_errors)
        self._running = RunningAnswers()

    async def on_message(self, message: Message, bot_id: int) -> None:
        """Answer `message` if it is for the bot; return when the answer is sent, or given up."""
        if message.author.bot or message.type.name not in WRITTEN_BY_PEOPLE:
            return
        await self._running.run(message.id, self._respond(message, bot_id))

    def on_edit(self, message_id: int) -> None:
        """Fetch the message anew when it is next needed."""
        self._cache.forget(message_id)

    def on_delete(self, message_id: int) -> None:
        """Forget the message, and stop answering it."""
        self._cache.forget(message_id)
        if self._running.cancel(message_id):
            log.info("answer.cancelled message=%d", message_id)

    async def _respond(self, message: Message, bot_id: int) -> None:
        if not await self._is_for_us(message, bot_id):
            return
        async with self._speaker.typing(message.channel):
            chain = await self._chains.read(message)
            self._cache.put(message)
            text, emotion = await self._answer(chain, bot_id)
        await self._speaker.reply(
            message, self._emotions.suffixed(text, emotion), self._emotions.reaction(emotion)
        )

    async def _is_for_us(self, message: Message, bot_id: int) -> bool:
        if is_mentioned(message, bot_id):
            return True
        parent = await self._chains.parent(message)
        return parent is not None and parent.author.id == bot_id

    async def _answer(self, chain: list[Message], bot_id: int) -> tuple[str, str | None]:
        """Return the text to send and the emotion in it."""
        turns = turns_of(chain, bot_id, self._emotions)
        if not turns or turns[-1].author_id is None:  # a mention and nothing else
            return self._character.greeting or NUDGE, None
        conversation = Conversation(turns, self._character)
        try:
            async with self._turnstile.turn(chain[0].id):
                reply = await self._chat.ask(conversation.body())
        except (ChatError, FullLineError) as error:
            log.warning("chat.failed message=%d error=%s: %s", chain[-1].id, type(error).__name__, error)
            return notice_of(error), None
        text = conversation.cut(reply.message)
        return (text, reply.emotion) if text else (SPEECHLESS, None)
