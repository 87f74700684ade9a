"""A reply chain as a `POST /chat` body."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .character import Character
from .emotion import Emotions
from .mention import encodable, text_of
from .notice import is_notice
from .ports import Message

_N_NAME = 32  # what Discord allows for a name, in characters
_USER_NAME = "&{userName}"


@dataclass(frozen=True)
class Turn:
    """One message of the conversation; `author_id` is None for the bot's own."""

    author_id: int | None
    author_name: str
    text: str


def turns_of(chain: Sequence[Message], bot_id: int, emotions: Emotions) -> list[Turn]:
    """Return the messages of `chain` as turns, in its order.

    Left out are empty messages (pictures, a mention alone) and the bot's notices of errors. The parts of an
    answer that was split are one turn again.
    """
    turns: list[Turn] = []
    for message in chain:
        turn = _turn_of(message, bot_id, emotions)
        if not turn.text or (turn.author_id is None and is_notice(turn.text)):
            continue
        if turns and turn.author_id is None and turns[-1].author_id is None:
            turn = Turn(None, turn.author_name, f"{turns.pop().text}\n{turn.text}")
        turns.append(turn)
    return turns


def _turn_of(message: Message, bot_id: int, emotions: Emotions) -> Turn:
    text = text_of(message, bot_id)
    if message.author.id == bot_id:
        return Turn(None, message.author.display_name, emotions.unsuffixed(text))
    return Turn(message.author.id, message.author.display_name, text)


class Conversation:
    """Turns that end in a user's, and who is who in them.

    The author of the last turn is `userName`. Where there are more users, each has a chat type of their own,
    `discordUser1`, `discordUser2`, ..., made from the template's `user` with a name of its own in place of
    `&{userName}`, so that the model can tell them apart whatever the template looks like.
    """

    def __init__(self, turns: Sequence[Turn], character: Character) -> None:
        assert turns, "a conversation has something to answer"
        assert turns[-1].author_id is not None, "the last turn is a user's"
        self._turns = turns
        self._character = character
        self._names = _names_of(turns, character.name)
        self._numbers = {author_id: number for number, author_id in enumerate(self._names, start=1)}

    @property
    def user_name(self) -> str:
        """Whom the bot answers."""
        assert self._turns[-1].author_id is not None
        return self._names[self._turns[-1].author_id]

    def body(self) -> dict[str, Any]:
        """Return the body to post."""
        body: dict[str, Any] = {
            "userName": self.user_name,
            "genParams": self._character.gen_params,
            "character": self._character.character,
            "chatHistory": [self._message(turn) for turn in self._turns],
        }
        if self._character.template is not None:
            body["promptTemplate"] = self._character.template | self._user_templates()
        if self._has_types:
            body |= {_name_key(self._numbers[author_id]): name for author_id, name in self._names.items()}
        return body

    def cut(self, answer: str) -> str:
        """Return `answer` up to where the model began to speak for a user; the server cuts at `userName`."""
        starts = [answer.find(f"\n{name}:") for name in self._names.values()]
        return answer[: min((start for start in starts if start >= 0), default=len(answer))].strip()

    @property
    def _has_types(self) -> bool:
        return self._has_many and self._character.template is not None

    @property
    def _has_many(self) -> bool:
        return len(self._names) > 1

    def _message(self, turn: Turn) -> dict[str, str]:
        if turn.author_id is None:
            return {"chatType": "character", "message": turn.text}
        if self._has_types:
            return {"chatType": _type_of(self._numbers[turn.author_id]), "message": turn.text}
        # Without a template of our own there is no place for a second name but the message.
        text = f"{self._names[turn.author_id]}: {turn.text}" if self._has_many else turn.text
        return {"chatType": "user", "message": text}

    def _user_templates(self) -> dict[str, str]:
        if not self._has_types:
            return {}
        assert self._character.template is not None
        line = self._character.template["user"]
        if _USER_NAME not in line:  # a template for one user may do without the name
            line = line.replace("${message}", f"{_USER_NAME}: ${{message}}")
        return {
            _type_of(number): line.replace(_USER_NAME, f"&{{{_name_key(number)}}}")
            for number in self._numbers.values()
        }


def _type_of(number: int) -> str:
    return f"discordUser{number}"


def _name_key(number: int) -> str:
    return f"discordUser{number}Name"


def _names_of(turns: Sequence[Turn], character_name: str | None) -> dict[int, str]:
    """Return each user's name, no two alike and none the character's: the server cuts answers at names."""
    names: dict[int, str] = {}
    taken = {(character_name or "").casefold()}
    for turn in turns:
        if turn.author_id is None or turn.author_id in names:
            continue
        name = _free_name(plain_name(turn.author_name), taken)
        names[turn.author_id] = name
        taken.add(name.casefold())
    return names


def _free_name(name: str, taken: set[str]) -> str:
    number = 2
    free = name
    while free.casefold() in taken:
        free = f"{name} {number}"
        number += 1
    return free


def plain_name(name: str) -> str:
    """Return a Discord name without what means something in a template: braces, colons, line breaks."""
    plain = " ".join(re.sub(r"[{}:<>]", " ", encodable(name)).split())
    return plain[:_N_NAME].strip() or "User"
