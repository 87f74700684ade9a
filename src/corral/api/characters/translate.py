"""A body of character chat -> the chat it means: whose, in which templates, and how it is generated. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from corral.api.characters.persona import default_template, described, stops_of
from corral.api.characters.sampling import n_new_tokens, to_fields
from corral.api.characters.types import CharacterBody, CharacterChatBody, ChatMessageBody
from corral.api.generation.fields import GenerationFields
from corral.core.errors import InvalidRequestError
from corral.core.messages import ModelFacts
from corral.prompt.characters.blocks import budget
from corral.prompt.characters.chat_prompt import (
    MAX_CHARS_PER_TOKEN,
    ChatMessage,
    ChatPrompt,
    Writing,
)
from corral.prompt.characters.chat_template import Expansion
from corral.prompt.emotions.question import N_LINES, Line
from corral.prompt.emotions.words import wanted
from corral.prompt.persona import Persona, PersonaSampling

MAX_NAME = 256  # characters; names are looked for in every answer

_Object = dict[str, Any]


class CharacterChat(msgspec.Struct, frozen=True, kw_only=True):
    """What one body asks for. `n_budget`: the tokens that the prompt may have; `emotions`: to choose from.

    `lines` are the last messages, for the emotion to be told from.
    """

    user_name: str
    char_name: str
    prompt: ChatPrompt
    n_budget: int
    fields: GenerationFields
    emotions: tuple[str, ...]
    lines: list[Line]
    has_scores: bool
    is_streamed: bool


def to_chat(
    body: CharacterChatBody, raw: _Object, persona: Persona | None, facts: ModelFacts
) -> CharacterChat:
    """Return the chat of `body`; `raw` is all of it, as its templates see it.

    `persona` is the character that the body names, None if it brings one. Raises InvalidRequestError.
    """
    params = body.gen_params
    own = persona.sampling if persona else PersonaSampling()
    fields = to_fields(params, own)
    n_budget = budget(facts.n_ctx, n_new_tokens(params))
    character = _character(body, raw, persona)
    history = _history(body, character, persona)
    char_name = _name("character.charName", character["charName"])
    user_name = _name("userName", body.user_name)
    fields.stop = [*_stops(fields), *_turns(user_name), *_own_stops(persona, user_name)]
    fields.stream = body.stream
    return CharacterChat(
        user_name=user_name,
        char_name=char_name,
        prompt=_prompt(_templates(raw, persona), {**raw, "character": character}, history, n_budget),
        n_budget=n_budget,
        fields=fields,
        emotions=_emotions(character),
        lines=[_line(message, user_name, char_name) for message in history[-N_LINES:]],
        has_scores=bool(body.emotion_scores),
        is_streamed=bool(body.stream),
    )


def _character(body: CharacterChatBody, raw: _Object, persona: Persona | None) -> _Object:
    """Return the character as templates see it."""
    if persona is not None:
        return described(persona, body.user_name)
    assert isinstance(body.character, CharacterBody)
    character: _Object = raw["character"]
    return character


def _history(body: CharacterChatBody, character: _Object, persona: Persona | None) -> list[ChatMessage]:
    if body.chat_history is None and persona is None:
        raise InvalidRequestError("Field 'chatHistory': it is required")
    if not body.chat_history and persona is not None and character["greeting"]:
        return [ChatMessage("character", character["greeting"], "character.greeting")]
    return _messages(body.chat_history or [], "chatHistory")


def _templates(raw: _Object, persona: Persona | None) -> Mapping[str, Any]:
    templates: _Object | None = raw.get("promptTemplate")
    if templates is not None:
        return templates
    if persona is None:
        raise InvalidRequestError("Field 'promptTemplate': it is required")
    return default_template(persona)


def _prompt(
    templates: Mapping[str, Any], values: _Object, history: list[ChatMessage], n_budget: int
) -> ChatPrompt:
    character = values["character"]
    expansion = Expansion(character, values)
    writing = Writing(templates, expansion, n_max_chars=MAX_CHARS_PER_TOKEN * n_budget)
    examples = msgspec.convert(character["chatExample"], list[ChatMessageBody])
    return ChatPrompt(
        frame=expansion.of(templates["prompt"]),
        ending=f"{character['charName']}:",
        examples=writing.newest(_messages(examples, "character.chatExample")),
        history=writing.newest(history),
    )


def _messages(given: list[ChatMessageBody], where: str) -> list[ChatMessage]:
    return [
        ChatMessage(message.chat_type, message.message, f"{where}[{at}]") for at, message in enumerate(given)
    ]


def _line(message: ChatMessage, user_name: str, char_name: str) -> Line:
    """Return a message and who said it: kinds are called after who speaks, as `user1`."""
    names = {"user": user_name, "character": char_name}
    return Line(names.get(message.kind, message.kind), message.text)


def _emotions(character: _Object) -> tuple[str, ...]:
    """Return the emotions to choose from; of a list of blanks its first, for one of the list it must be."""
    listed = character.get("emotions") or ()
    try:
        return wanted(listed) or tuple(listed[:1])
    except InvalidRequestError as error:
        raise InvalidRequestError(error.message.replace("'emotions", "'character.emotions", 1)) from None


def _turns(user_name: str) -> list[str]:
    """Return what begins the user's next turn."""
    return [f"\n{user_name}:"] if user_name else []


def _own_stops(persona: Persona | None, user_name: str) -> list[str]:
    return stops_of(persona, user_name) if persona else []


def _stops(fields: GenerationFields) -> list[str]:
    assert isinstance(fields.stop, list)
    return fields.stop


def _name(field: str, name: str) -> str:
    if len(name) > MAX_NAME:
        raise InvalidRequestError(f"Field '{field}': at most {MAX_NAME} characters")
    return name
