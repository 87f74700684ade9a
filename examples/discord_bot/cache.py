"""Messages that were fetched once, kept in memory."""

from __future__ import annotations

from collections import OrderedDict

from .ports import Message


class MessageCache:
    """The `n_most` messages used last, by id: Discord allows few fetches a second, and a chain needs many."""

    def __init__(self, n_most: int) -> None:
        self._n_most = n_most
        self._messages: OrderedDict[int, Message] = OrderedDict()

    def __len__(self) -> int:
        return len(self._messages)

    def get(self, message_id: int) -> Message | None:
        """Return the message, which counts as a use of it; None if it is not here."""
        if message_id in self._messages:
            self._messages.move_to_end(message_id)
        return self._messages.get(message_id)

    def put(self, message: Message) -> None:
        """Keep `message`; the one unused for longest goes where there is no room."""
        self._messages[message.id] = message
        self._messages.move_to_end(message.id)
        if len(self._messages) > self._n_most:
            self._messages.popitem(last=False)

    def forget(self, message_id: int) -> None:
        """Drop what was edited or deleted; no error where it is not here."""
        self._messages.pop(message_id, None)
