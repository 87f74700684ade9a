"""Mentions in a message: whether it is for the bot, and its text as people see it."""

from __future__ import annotations

import re

from .ports import Message

# https://discord.com/developers/docs/reference#message-formatting: <@user>, <@!user>, <@&role>, <#channel>
_MENTION = re.compile(r"<(@!?|@&|#)(\d+)>")
_CUSTOM_EMOJI = re.compile(r"<a?(:\w+:)\d+>")
_NOBODY = {"@": "@someone", "@!": "@someone", "@&": "@some role", "#": "#some channel"}


def is_mentioned(message: Message, bot_id: int) -> bool:
    """Say whether `message` names the bot, or the role of the same name that Discord makes for it."""
    return any(user.id == bot_id for user in message.mentions) or bool(_own_roles(message, bot_id))


def text_of(message: Message, bot_id: int) -> str:
    """Return the text without the bot's own mention, and with names in place of all others' ids."""
    names = {("@", user.id): f"@{user.display_name}" for user in message.mentions}
    names |= {("@&", role.id): f"@{role.name}" for role in message.role_mentions}
    names |= {("#", channel.id): f"#{channel.name}" for channel in message.channel_mentions}
    names |= {("@", bot_id): ""} | {("@&", role_id): "" for role_id in _own_roles(message, bot_id)}

    def shown(match: re.Match[str]) -> str:
        kind, ident = match[1].rstrip("!"), int(match[2])
        return names.get((kind, ident), _NOBODY[kind])

    text = _CUSTOM_EMOJI.sub(r"\1", _MENTION.sub(shown, message.content))
    return encodable(text).strip()


def encodable(text: str) -> str:
    """Return `text` with "?" for half surrogate pairs, which JSON may hold and UTF-8 may not."""
    return text.encode(errors="replace").decode()


def _own_roles(message: Message, bot_id: int) -> set[int]:
    return {role.id for role in message.role_mentions if role.tags is not None and role.tags.bot_id == bot_id}
