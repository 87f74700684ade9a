"""A chat as its character has it: the messages that have room, and what a template makes of them."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import msgspec

from corral.api.serving import Serving
from corral.api.threads import by_weight
from corral.core.errors import ContextExceededError
from corral.prompt.characters.assembly import Draft, Room
from corral.prompt.characters.staging import Staging
from corral.prompt.chat import ChatPrompt, ChatWish, compose
from corral.prompt.templates import ChatTemplate, Prompt


class Performance(msgspec.Struct, frozen=True, kw_only=True):
    """A chat as its character has it, and its prompt, of at most `n_tokens` with what the server adds."""

    wish: ChatWish
    chat: ChatPrompt
    n_tokens: int


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Where chats are performed: a model, a template, and `n_answer` tokens to leave for the answer.

    What takes milliseconds, as it does with a body that `is_long`, is done in a thread.
    """

    serving: Serving
    template: ChatTemplate
    n_answer: int
    is_long: bool

    async def performed(self, wish: ChatWish, staging: Staging) -> Performance:
        """Return the chat as the persona of `staging` has it, with the newest messages that fit.

        The parts are counted in one call. What a template makes of them may have more tokens: so the whole is
        counted too, and messages are left out until it fits. It is too long only where the system text and
        the newest message alone are. Raises CorralError.
        """
        is_heavy = self.is_long or staging.persona.has_long_lore
        draft = await by_weight(functools.partial(Draft, staging, wish.messages), is_heavy=is_heavy)
        tools = msgspec.json.encode(wish.use.tools).decode() if wish.use.tools else ""
        *counts, n_tools = await self.serving.door.count([*draft.texts, tools], has_special=True)
        room = Room(n_context=max(0, self._n_ctx - n_tools), n_answer=self.n_answer)
        found: Performance | None = None
        while True:
            told = await by_weight(functools.partial(draft.assembled, counts, room), is_heavy=is_heavy)
            if found is not None and told.messages == found.wish.messages:
                return found
            found = await self._composed(msgspec.structs.replace(wish, messages=told.messages), is_heavy)
            if found.n_tokens <= self._n_room:
                return found
            # As much less of what was estimated as the whole has to become less.
            n_prompt = told.n_tokens * self._n_room // found.n_tokens
            room = msgspec.structs.replace(room, n_answer=room.n_context - n_prompt)

    async def _composed(self, wish: ChatWish, is_heavy: bool) -> Performance:  # noqa: FBT001 - inner
        composing = functools.partial(compose, self.template, wish, self.serving.settings.chat)
        chat = await by_weight(composing, is_heavy=is_heavy)
        return Performance(wish=wish, chat=chat, n_tokens=await self._n_tokens(chat.prompt))

    async def _n_tokens(self, prompt: Prompt) -> int:
        """Return the tokens of a prompt; of one that surely has room its bytes, which are no fewer."""
        facts = self.serving.door.facts()
        texts = [facts.system_prompt, prompt.text]
        n_ends = (facts.is_bos_added and prompt.is_bos_wanted) + facts.is_eos_added
        n_most = sum(len(text.encode()) for text in texts) + n_ends
        if n_most <= self._n_room:
            return n_most
        return sum(await self.serving.door.count(texts, has_special=True)) + n_ends

    @property
    def _n_ctx(self) -> int:
        return self.serving.door.facts().n_ctx

    @property
    def _n_room(self) -> int:
        return self._n_ctx - self.n_answer


def exceeded(character: str, n_tokens: int, n_ctx: int, room: str) -> ContextExceededError:
    """Return what to raise for a character that is too long; `room` says how many tokens there are."""
    return ContextExceededError(
        f"the character {character[:100]!r} and the newest message have {n_tokens} tokens, {room}; "
        "shorten either, or run the model with a larger context",
        n_prompt_tokens=n_tokens,
        n_ctx=n_ctx,
    )
