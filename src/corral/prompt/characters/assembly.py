"""From a persona and a history to the messages for a chat template, within a token budget.

In two steps, so that all texts are counted in one call between them:

    draft = Draft(Staging(persona=persona, now=now, user_name="Ada"), history)
    counts = await door.count(draft.texts)
    chat = draft.assembled(counts, Room(n_context=4096, n_answer=512))
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from corral.prompt.characters.asides import Asides, n_told
from corral.prompt.characters.cuts import cuts, last_cut
from corral.prompt.characters.history import counted, history_of
from corral.prompt.characters.opening import OPENING
from corral.prompt.characters.staging import Staging
from corral.prompt.characters.system_text import system_text
from corral.prompt.lorebook.telling import Told
from corral.prompt.messages import Message


class Room(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens of the model's context, of the answer, and of what a template writes around a message."""

    n_context: int
    n_answer: int = 0
    n_per_message: int = 8

    @property
    def n_prompt(self) -> int:
        """How many the prompt may have."""
        return self.n_context - self.n_answer


class Assembled(msgspec.Struct, frozen=True, kw_only=True):
    """A chat. `n_dropped`: how many messages were left out at its beginning. `n_tokens` is an estimate.

    It is more than the room has only where the system text and what `cuts` leaves last are too long alone.
    """

    messages: list[Message]
    n_dropped: int
    n_tokens: int
    complaints: tuple[str, ...] = ()


class _Costs(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens of all that always stands, of each message, and of each aside with what is around it.

    The messages from `last` on cannot be left out.
    """

    n_fixed: int
    messages: list[int]
    last: int
    asides: Mapping[str, int]

    @property
    def n_least(self) -> int:
        """What cannot be left out: all that always stands, and the newest messages."""
        return self.of(self.last, Told())

    def of(self, start: int, told: Told) -> int:
        """Return the tokens of the messages from `start` on, with their lore."""
        return self.n_fixed + sum(self.messages[start:]) + n_told(told, self.asides)


class Draft:
    """A persona's chat before its texts are counted. Never modified once it is made.

    The client's own system messages at the beginning of `history` are joined behind the persona's.
    """

    def __init__(self, staging: Staging, history: Sequence[Message]) -> None:
        persona, scene = staging.persona, staging.scene
        self._persona, self._scene = persona, scene
        self._history = history_of(persona, scene, history)
        self._opening = [Message("user", OPENING)] if staging.is_user_first else []
        self._asides = Asides(persona, scene, self._history.searched)
        self._bare = system_text(persona, scene, Told(), self._history.system)
        self._counted = [counted(message) for message in self._history.messages]
        self.texts = list(dict.fromkeys([self._bare, OPENING, *self._asides.texts, *self._counted]))

    def assembled(self, counts: Sequence[int], room: Room) -> Assembled:
        """Return the chat that fits; `counts` are the tokens of each of `texts`.

        Old messages go first, in hunks (`cuts.HUNK`); the system text and the newest message, with the calls
        that it answers, never do, nor do they make place for lore.
        """
        costs = self._costs(dict(zip(self.texts, counts, strict=True)), room)
        start, told = self._fitting(costs, room)
        return Assembled(
            messages=self._messages(start, told),
            n_dropped=start,
            n_tokens=costs.of(start, told),
            complaints=self._asides.complaints,
        )

    def _costs(self, n_tokens: Mapping[str, int], room: Room) -> _Costs:
        heads = [self._bare, *(message.content for message in self._opening)]
        asides = self._asides.costs([n_tokens[text] for text in self._asides.texts])
        n_heads = sum(n_tokens[text] + room.n_per_message for text in heads)
        return _Costs(
            n_fixed=n_heads + self._asides.n_always(asides),
            messages=[n_tokens[text] + room.n_per_message for text in self._counted],
            last=last_cut(self._history.messages),
            asides=asides,
        )

    def _fitting(self, costs: _Costs, room: Room) -> tuple[int, Told]:
        """Return the first cut that fits with its lore, else the last one."""
        n_free = room.n_prompt - costs.n_least
        start, told = 0, Told()
        for start in cuts(self._history.messages):
            if costs.of(start, Told()) > room.n_prompt and start < costs.last:
                continue
            told = self._asides.told(costs.asides, start, n_context=room.n_context, n_free=n_free)
            if costs.of(start, told) <= room.n_prompt:
                break
        return start, told

    def _messages(self, start: int, told: Told) -> list[Message]:
        history = self._history.messages
        inserted = self._asides.inserted(told, [message.role for message in history], start)
        messages = inserted.applied(history)
        if not messages or messages[0].role == "assistant":
            messages = [*self._opening, *messages]
        return [*self._system(told, inserted.homeless), *messages]

    def _system(self, told: Told, homeless: Sequence[str]) -> list[Message]:
        text = system_text(self._persona, self._scene, told, [*self._history.system, *homeless])
        return [Message("system", text)] if text else []
