"""From a persona and a history to the messages for a chat template, within a token budget.

In two steps, so that all texts are counted in one call between them:

    draft = Draft(Staging(persona=persona, now=now, user_name="Ada"), history)
    counts = await door.count(draft.texts)
    chat = draft.assembled(counts, Room(n_context=4096, n_answer=512))
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import msgspec

from corral.prompt.characters.cuts import cuts
from corral.prompt.characters.history import counted, history_of
from corral.prompt.characters.insertions import Insertions
from corral.prompt.characters.opening import OPENING
from corral.prompt.characters.placeholders import Scene, expand
from corral.prompt.characters.speaking import scene_of
from corral.prompt.characters.system_text import after_history, system_text
from corral.prompt.lorebook.book import Lorebook
from corral.prompt.lorebook.lore import Lore
from corral.prompt.lorebook.telling import Told, tell
from corral.prompt.messages import Message
from corral.prompt.persona import Persona

_N_AROUND = 4  # tokens of the brackets and blank lines around a text that is put in


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

    It is more than the room has only where the system text and the newest message alone are too long.
    """

    messages: list[Message]
    n_dropped: int
    n_tokens: int
    complaints: tuple[str, ...] = ()


class _Costs(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens of all that always stands, of each message, and of each text of lore with what is around it."""

    n_fixed: int
    messages: list[int]
    lore: dict[str, int]

    @property
    def n_least(self) -> int:
        """What cannot be left out: all that always stands, and the newest message."""
        return self.n_fixed + sum(self.messages[-1:])

    def of(self, start: int, told: Told) -> int:
        """Return the tokens of the messages from `start` on, with their lore."""
        return (
            self.n_fixed
            + sum(self.messages[start:])
            + sum(self.lore[entry.content] for entry in told.entries)
        )


class Staging(msgspec.Struct, frozen=True, kw_only=True):
    """A persona in one request. `user_name` None: as the persona calls its user.

    `seed` draws what is left to chance; None is always the same one, so that turns begin alike.
    `is_user_first`: the template wants the user to begin (`opening.wants_user_first`).
    """

    persona: Persona
    now: dt.datetime
    user_name: str | None = None
    seed: int | None = None
    is_user_first: bool = False

    @property
    def scene(self) -> Scene:
        """What placeholders mean."""
        scene = scene_of(self.persona, self.user_name)
        return msgspec.structs.replace(scene, now=self.now, seed=self.seed or 0)


class Draft:
    """A persona's chat before its texts are counted. Never modified once it is made.

    The client's own system messages at the beginning of `history` are joined behind the persona's.
    """

    def __init__(self, staging: Staging, history: Sequence[Message]) -> None:
        persona, scene = staging.persona, staging.scene
        self._persona, self._scene = persona, scene
        self._history = history_of(persona, scene, history)
        self._opening = [Message("user", OPENING)] if staging.is_user_first else []
        self._lore = Lore(expanded(persona.lorebook or Lorebook(), scene), self._history.searched)
        self._after = after_history(persona, scene)
        self._bare = system_text(persona, scene, self._history.system)
        self._counted = [counted(message) for message in self._history.messages]
        lore = (entry.content for entry in self._lore.candidates())
        self.texts = list(dict.fromkeys([self._bare, self._after, OPENING, *lore, *self._counted]))

    def assembled(self, counts: Sequence[int], room: Room) -> Assembled:
        """Return the chat that fits; `counts` are the tokens of each of `texts`.

        Old messages go first, in hunks (`cuts.HUNK`); the system text and the newest message never do. Lore
        gets what its book allows, a quarter of the context where it does not say, and never more than the
        system text and the newest message leave.
        """
        costs = self._costs(dict(zip(self.texts, counts, strict=True)), room)
        start, told = self._fitting(costs, room)
        return Assembled(
            messages=self._messages(start, told),
            n_dropped=start,
            n_tokens=costs.of(start, told),
            complaints=self._lore.complaints,
        )

    def _costs(self, n_tokens: Mapping[str, int], room: Room) -> _Costs:
        heads = [self._bare, *(message.content for message in self._opening)]
        return _Costs(
            n_fixed=sum(n_tokens[text] + room.n_per_message for text in heads)
            + (n_tokens[self._after] + _N_AROUND if self._after else 0),
            messages=[n_tokens[text] + room.n_per_message for text in self._counted],
            lore={text: n + _N_AROUND for text, n in n_tokens.items()},
        )

    def _fitting(self, costs: _Costs, room: Room) -> tuple[int, Told]:
        """Return the first cut that fits with its lore, else the last one."""
        budget = self._lore_budget(room, costs.n_least)
        start, told = 0, Told()
        for start in cuts(self._history.messages):
            is_last = start >= len(costs.messages) - 1
            if costs.of(start, Told()) > room.n_prompt and not is_last:
                continue
            told = tell(self._lore, costs.lore, budget, start=start, seed=self._scene.seed)
            if costs.of(start, told) <= room.n_prompt:
                break
        return start, told

    def _lore_budget(self, room: Room, n_needed: int) -> int:
        wanted = self._lore.book.token_budget
        n_wanted = room.n_context // 4 if wanted is None else wanted
        return max(0, min(n_wanted, room.n_prompt - n_needed))

    def _messages(self, start: int, told: Told) -> list[Message]:
        inserted = Insertions(self._history.messages, start)
        for number, entries in told.anchored.items():
            inserted.anchor(number, [entry.content for entry in entries])
        # The farthest first: two that end up in one message then stand in the order of the chat.
        for depth, entries in sorted(told.deep.items(), reverse=True):
            inserted.put_before_end(depth, [entry.content for entry in entries])
        if self._after:
            inserted.put_before_end(0, [self._after])
        messages = inserted.applied()
        if messages and messages[0].role == "assistant":
            messages = [*self._opening, *messages]
        return [*self._system(told, inserted.homeless), *messages]

    def _system(self, told: Told, homeless: Sequence[str]) -> list[Message]:
        text = system_text(
            self._persona, self._scene, self._history.system, before=told.before, after=told.after
        )
        whole = "\n\n".join(part for part in (text, *homeless) if part)
        return [Message("system", whole)] if whole else []


def expanded(book: Lorebook, scene: Scene) -> Lorebook:
    """Return the book with the placeholders of its texts and plain keys filled in."""
    entries = []
    for number, entry in enumerate(book.entries):
        place = f"lore {number}"
        content = expand(entry.content, scene, place)
        keys, secondary = entry.keys, entry.secondary_keys
        if not entry.is_regex:
            keys, secondary = _keys(keys, scene, place), _keys(secondary, scene, place)
        entries.append(msgspec.structs.replace(entry, content=content, keys=keys, secondary_keys=secondary))
    return msgspec.structs.replace(book, entries=tuple(entries))


def _keys(keys: Sequence[str], scene: Scene, place: str) -> tuple[str, ...]:
    return tuple(expand(key, scene, f"{place} keys") for key in keys)
