"""Who speaks in a character chat: whom the body brings along, or one of the server's folder. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from corral.api.characters.types import CharacterBody, CharacterChatBody, ChatMessageBody
from corral.core.errors import InvalidRequestError
from corral.prompt.characters.asides import NO_ASIDES, Asides
from corral.prompt.characters.plain_persona import PlainPersona
from corral.prompt.characters.plain_prompt import ChatMessage, Slots, no_slots
from corral.prompt.characters.plain_template import Expansion
from corral.prompt.characters.speaking import stops_of
from corral.prompt.characters.staging import Staging
from corral.prompt.persona import Persona

_Object = dict[str, Any]


class Character(msgspec.Struct, frozen=True, kw_only=True):
    """The character of one chat, its templates, and the messages there are.

    `ending` opens its turn, `stops` end its answers besides what the body says. `is_templated`: the body
    brings the templates.
    """

    user_name: str
    char_name: str
    templates: Mapping[str, Any]
    expansion: Expansion
    slots: Slots = no_slots
    ending: str
    examples: list[ChatMessage]
    history: list[ChatMessage]
    emotions: Sequence[str]
    stops: Sequence[str] = ()
    staging: Staging | None = None
    is_templated: bool = True

    def asides(self, history: Sequence[ChatMessage]) -> Asides:
        """Return what it tells beside these messages of its history."""
        if self.staging is None:
            return NO_ASIDES
        searched = ["" if message.role == "system" else message.text for message in history]
        return Asides(self.staging.persona, self.staging.scene, searched)


def brought(body: CharacterChatBody, raw: _Object, n_max_chars: int) -> Character:
    """Return the character in `body`; `raw` is all of it. Raises InvalidRequestError.

    `n_max_chars` bounds what its templates may grow to.
    """
    assert isinstance(body.character, CharacterBody)
    for field, value in (("promptTemplate", body.prompt_template), ("chatHistory", body.chat_history)):
        if value is None:
            raise InvalidRequestError(f"Field '{field}': it is required")
    return Character(
        user_name=body.user_name,
        char_name=body.character.char_name,
        templates=raw["promptTemplate"],
        expansion=Expansion(raw["character"], raw, n_max_chars=n_max_chars),
        ending=f"{body.character.char_name}:",
        examples=_messages(body.character.chat_example, "character.chatExample"),
        history=_messages(body.chat_history or [], "chatHistory"),
        emotions=body.character.emotions or (),
    )


def named(body: CharacterChatBody, raw: _Object, staging: Staging, *, n_max_chars: int) -> Character:
    """Return the persona of `staging`, which `body` names. Raises InvalidRequestError.

    Its texts are no templates: they may be anybody's, and stand in the prompt as they are. `n_max_chars`
    bounds what the templates of the body may grow to.
    """
    persona = staging.persona
    plain = PlainPersona(staging, _greeting(body.greeting, persona))
    own: _Object | None = raw.get("promptTemplate")
    history = _messages(body.chat_history or [], "chatHistory") or _greeted(plain.greeting)
    return Character(
        user_name=staging.scene.user,
        char_name=staging.scene.character,
        templates=_templates(plain, history) if own is None else own,
        expansion=Expansion(plain.references, raw, n_max_chars=n_max_chars),
        slots=plain.slots,
        ending=plain.ending if own is None else f"{staging.scene.character}:",
        examples=_told(plain.examples, "character.chatExample"),
        history=history,
        emotions=persona.emotions,
        stops=stops_of(persona, staging.user_name),
        staging=staging,
        is_templated=own is not None,
    )


def _templates(plain: PlainPersona, history: Sequence[ChatMessage]) -> dict[str, str]:
    """Return its templates, with one for each further user, who is called as the kind of the message."""
    others = {message.kind: f"{message.kind}: ${{message}}\n" for message in history}
    return others | plain.templates


def _greeting(number: Any, persona: Persona) -> int:  # noqa: ANN401 - any JSON
    if number is None:
        return 0
    n_greetings = len(persona.greetings)
    if type(number) is not int or not 0 <= number < n_greetings:
        raise InvalidRequestError(
            f"Field 'greeting': must be the number of a greeting, from 0 on; the character has {n_greetings}"
        )
    return number


def _greeted(greeting: str) -> list[ChatMessage]:
    return _told([("character", greeting)], "character.greeting") if greeting else []


def _messages(given: Iterable[ChatMessageBody], where: str) -> list[ChatMessage]:
    return _told([(message.chat_type, message.message) for message in given], where)


def _told(messages: Iterable[tuple[str, str]], where: str) -> list[ChatMessage]:
    return [ChatMessage(kind, text, f"{where}[{at}]") for at, (kind, text) in enumerate(messages)]
