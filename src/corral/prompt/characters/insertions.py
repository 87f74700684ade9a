"""Texts put between the messages of a chat, as many templates allow it: inside the user's messages.

A template may refuse a system message in the middle, and two messages of one speaker in a row; none refuses a
longer message of the user. What is put in stands in brackets, which role play knows as not said aloud.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from corral.prompt.messages import Message


class Insertions:
    """Texts for the messages [start, ...) of a chat; numbers are those of the whole chat."""

    def __init__(self, messages: Sequence[Message], start: int) -> None:
        self._messages = messages
        self._start = start
        self._heads: dict[int, list[str]] = {}
        self._tails: dict[int, list[str]] = {}
        self.homeless: list[str] = []  # no message of the user's to stand in

    def anchor(self, number: int, texts: Iterable[str]) -> None:
        """Put `texts` before a message: at the head of the user's message that it is, or of the next.

        Never into an earlier one, which an earlier turn has sent without them. Where the user has not spoken
        since, they wait for the turn in which the user has.
        """
        carrier = self._user_from(number)
        if carrier is not None:
            self._heads.setdefault(carrier, []).append(_bracketed(texts))

    def put_before_end(self, n_messages: int, texts: Iterable[str]) -> None:
        """Put `texts` so many messages before the end (0: behind all) or as near as the user spoke."""
        at = max(self._start, len(self._messages) - n_messages)
        text = _bracketed(texts)
        if self._is_user(at):
            self._heads.setdefault(at, []).append(text)
        elif self._is_user(at - 1) or self._user_from(at) is None:
            self._append_to_last_user(at, text)
        else:
            self._heads.setdefault(self._user_from(at) or at, []).append(text)

    def applied(self) -> list[Message]:
        """Return the messages from `start` on with the texts in them."""
        return [self._filled(number) for number in range(self._start, len(self._messages))]

    def _append_to_last_user(self, end: int, text: str) -> None:
        users = [number for number in range(self._start, end) if self._is_user(number)]
        if users:
            self._tails.setdefault(users[-1], []).append(text)
        else:
            self.homeless.append(text)

    def _filled(self, number: int) -> Message:
        message = self._messages[number]
        heads, tails = self._heads.get(number, []), self._tails.get(number, [])
        if not heads and not tails:
            return message
        return msgspec.structs.replace(message, content="\n\n".join([*heads, message.content, *tails]))

    def _user_from(self, number: int) -> int | None:
        following = range(number, len(self._messages))
        return next((each for each in following if self._is_user(each)), None)

    def _is_user(self, number: int) -> bool:
        return self._start <= number < len(self._messages) and self._messages[number].role == "user"


def _bracketed(texts: Iterable[str]) -> str:
    return "[" + "\n".join(text.strip() for text in texts) + "]"
