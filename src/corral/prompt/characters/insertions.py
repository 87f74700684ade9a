"""Texts put between the messages of a chat: right before or behind those of the user.

In a chat template they stand inside these messages, as many templates allow it: a template may refuse a
system message in the middle, and two messages of one speaker in a row; none refuses a longer message of the
user. In plain text they stand on lines of their own. What is put in stands in brackets, which role play knows
as not said aloud.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from corral.prompt.messages import Message


class Insertions:
    """Texts for the messages [start, ...) of a chat, by their roles; numbers are those of the whole chat."""

    def __init__(self, roles: Sequence[str], start: int) -> None:
        self._roles = roles
        self._start = start
        self._heads: dict[int, list[str]] = {}
        self._tails: dict[int, list[str]] = {}
        self.homeless: list[str] = []  # no message of the user's to stand at

    def anchor(self, number: int, texts: Iterable[str]) -> None:
        """Put `texts` before a message: at the head of the user's message that it is, or of the next.

        Never of an earlier one, which an earlier turn has sent without them. Where the user has not spoken
        since, they wait for the turn in which the user has.
        """
        carrier = self._user_from(number)
        if carrier is not None:
            self._heads.setdefault(carrier, []).append(_bracketed(texts))

    def put_before_end(self, n_messages: int, texts: Iterable[str]) -> None:
        """Put `texts` so many messages before the end (0: behind all) or as near as the user spoke."""
        at = max(self._start, len(self._roles) - n_messages)
        text = _bracketed(texts)
        if self._is_user(at):
            self._heads.setdefault(at, []).append(text)
        elif self._is_user(at - 1) or self._user_from(at) is None:
            self._append_to_last_user(at, text)
        else:
            self._heads.setdefault(self._user_from(at) or at, []).append(text)

    def around(self, number: int, text: str) -> list[str]:
        """Return the text of a message with what stands before and behind it."""
        return [*self._heads.get(number, []), text, *self._tails.get(number, [])]

    def applied(self, messages: Sequence[Message]) -> list[Message]:
        """Return the messages from `start` on with the texts in them; `messages` is the whole chat."""
        return [self._filled(number, messages[number]) for number in range(self._start, len(messages))]

    def _append_to_last_user(self, end: int, text: str) -> None:
        users = [number for number in range(self._start, end) if self._is_user(number)]
        if users:
            self._tails.setdefault(users[-1], []).append(text)
        else:
            self.homeless.append(text)

    def _filled(self, number: int, message: Message) -> Message:
        parts = self.around(number, message.content)
        return message if len(parts) == 1 else msgspec.structs.replace(message, content="\n\n".join(parts))

    def _user_from(self, number: int) -> int | None:
        following = range(number, len(self._roles))
        return next((each for each in following if self._is_user(each)), None)

    def _is_user(self, number: int) -> bool:
        return self._start <= number < len(self._roles) and self._roles[number] == "user"


def _bracketed(texts: Iterable[str]) -> str:
    return "[" + "\n".join(text.strip() for text in texts) + "]"
