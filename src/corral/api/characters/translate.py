"""A body of character chat -> the chat it means: whose, in which templates, and how it is generated. Pure."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec

from corral.api.characters.character import Character, brought, named
from corral.api.characters.sampling import n_new_tokens, to_fields
from corral.api.characters.types import CharacterChatBody
from corral.api.generation.fields import GenerationFields
from corral.api.generation.limits import MAX_STOPS
from corral.core.errors import InvalidRequestError
from corral.core.messages import ModelFacts
from corral.prompt.characters.blocks import FRAME, budget
from corral.prompt.characters.plain_prompt import ChatMessage, PlainPrompt, Writing, most_chars
from corral.prompt.characters.staging import Staging
from corral.prompt.emotions.question import N_LINES, Line
from corral.prompt.emotions.words import wanted
from corral.prompt.lorebook.telling import Told
from corral.prompt.persona import Persona, PersonaSampling

MAX_NAME = 256  # characters; names are looked for in every answer

_Object = dict[str, Any]


class CharacterChat(msgspec.Struct, frozen=True, kw_only=True):
    """What one body asks for. `n_budget`: the tokens that the prompt may have; `emotions`: to choose from.

    `lines` are the last messages, for the emotion to be told from.
    """

    character: Character
    n_budget: int
    fields: GenerationFields
    emotions: tuple[str, ...]
    lines: list[Line]
    has_scores: bool
    is_streamed: bool

    @property
    def user_name(self) -> str:
        """With whom it talks."""
        return self.character.user_name

    @property
    def char_name(self) -> str:
        """Who answers."""
        return self.character.char_name


def to_chat(
    body: CharacterChatBody, raw: _Object, persona: Persona | None, *, facts: ModelFacts, now: dt.datetime
) -> CharacterChat:
    """Return the chat of `body`; `raw` is all of it, as its templates see it.

    `persona` is the character that the body names, None if it brings one. Raises InvalidRequestError.
    """
    _check_name("userName", body.user_name)
    params = body.gen_params
    fields = to_fields(params, persona.sampling if persona else PersonaSampling())
    n_budget = budget(facts.n_ctx, n_new_tokens(params))
    n_chars = most_chars(n_budget)
    character = (
        brought(body, raw, n_chars)
        if persona is None
        else named(body, raw, _staging(body, persona, fields, now), n_max_chars=n_chars)
    )
    _check_name("character.charName", character.char_name)
    fields.stop = _stops(fields, character)
    fields.stream = body.stream
    return CharacterChat(
        character=character,
        n_budget=n_budget,
        fields=fields,
        emotions=_emotions(character),
        lines=[_line(message, character) for message in character.history[-N_LINES:]],
        has_scores=bool(body.emotion_scores),
        is_streamed=bool(body.stream),
    )


def _staging(
    body: CharacterChatBody, persona: Persona, fields: GenerationFields, now: dt.datetime
) -> Staging:
    seed = None if fields.seed in (None, -1) else int(fields.seed or 0)
    return Staging(persona=persona, now=now, user_name=body.user_name, seed=seed)


def plain_prompt(chat: CharacterChat) -> PlainPrompt:
    """Return the prompt in plain text. Raises InvalidRequestError."""
    character, n_max_chars = chat.character, most_chars(chat.n_budget)
    slots = character.slots(Told(), ())
    writing = Writing(character.templates, character.expansion, slots, n_max_chars=n_max_chars)
    history = writing.newest(character.history)
    shown = character.history[len(character.history) - len(history) :]
    return PlainPrompt(
        frame=character.expansion.of(character.templates["prompt"]),
        ending=character.ending,
        examples=writing.newest(character.examples),
        history=history,
        roles=[message.role for message in shown],
        asides=character.asides(shown),
        slots=character.slots,
        field=FRAME if character.is_templated else "character",
        n_max_chars=n_max_chars,
    )


def _line(message: ChatMessage, character: Character) -> Line:
    """Return a message and who said it: kinds are called after who speaks, as `user1`."""
    names = {"user": character.user_name, "character": character.char_name}
    return Line(names.get(message.kind, message.kind), message.text)


def _emotions(character: Character) -> tuple[str, ...]:
    """Return the emotions to choose from; of a list of blanks its first, for one of the list it must be."""
    listed = character.emotions
    try:
        return wanted(listed) or tuple(listed[:1])
    except InvalidRequestError as error:
        raise InvalidRequestError(error.message.replace("'emotions", "'character.emotions", 1)) from None


def _stops(fields: GenerationFields, character: Character) -> list[str]:
    """Return the body's, what begins the user's next turn, and as many of the character's as are served."""
    assert isinstance(fields.stop, list)
    turn = [f"\n{character.user_name}:"] if character.user_name else []
    given = [*fields.stop, *turn]
    own = [stop for stop in character.stops if stop not in given]
    return [*given, *own[: max(0, MAX_STOPS - len(given))]]


def _check_name(field: str, name: str) -> None:
    if len(name) > MAX_NAME:
        raise InvalidRequestError(f"Field '{field}': at most {MAX_NAME} characters")
