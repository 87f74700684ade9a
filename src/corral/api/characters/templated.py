"""A named character's chat through the model's own chat template."""

from __future__ import annotations

import msgspec

from corral.api.characters.character import Character
from corral.api.characters.translate import CharacterChat
from corral.api.chat.performance import Stage, exceeded
from corral.api.serving import Serving
from corral.core import log
from corral.core.errors import ContextExceededError, InvalidRequestError
from corral.prompt.characters.opening import wants_user_first
from corral.prompt.characters.plain_prompt import ChatMessage
from corral.prompt.characters.staging import Staging
from corral.prompt.chat import ChatWish
from corral.prompt.messages import Message
from corral.prompt.templates import ChatTemplate, Prompt

_log = log.get("api.characters")


def own_template(serving: Serving) -> ChatTemplate | None:
    """Return the chat template in force, None for a model that has none."""
    has_one = serving.door.facts().chat_template or serving.settings.chat.template
    return serving.template() if has_one else None


async def templated(chat: CharacterChat, serving: Serving, *, is_long: bool) -> Prompt | None:
    """Return the chat's prompt as the model's chat template writes it.

    None: it is to be plain text, as the body brings templates, the model has none, or its template refuses
    the messages, which may come from many users in any order. Raises ContextExceededError for a character
    that has no room.
    """
    template = own_template(serving)
    if template is None or chat.character.is_templated:
        return None
    n_ctx = serving.door.facts().n_ctx
    stage = Stage(serving=serving, template=template, n_answer=n_ctx - chat.n_budget, is_long=is_long)
    try:
        found = await stage.performed(_wish(chat.character), _staging(chat.character, template))
    except ContextExceededError:
        raise
    except InvalidRequestError as error:
        _log.info("characters.template_refused", reason=error.message)
        return None
    if found.n_tokens > chat.n_budget:
        room = f"the context of the model less genParams.max_new_tokens leaves {chat.n_budget}"
        raise exceeded(chat.char_name, found.n_tokens, n_ctx, room)
    return found.chat.prompt


def _wish(character: Character) -> ChatWish:
    """Return the chat; the answer is a turn of its own, and without thoughts, as in plain text."""
    return ChatWish(
        messages=[_message(message) for message in character.history],
        is_continued=False,
        reasoning_effort="none",
        reasoning_budget=0,
    )


def _message(message: ChatMessage) -> Message:
    is_named = message.kind not in ("user", "character", "system")
    return Message(message.role, message.text, name=message.kind if is_named else "")


def _staging(character: Character, template: ChatTemplate) -> Staging:
    """Return who talks with whom. The history says what the character greets with.

    Many templates write the system text into a turn of the user's: so there is to be one.
    """
    staging = character.staging
    assert staging is not None, "a character that the body brings has templates"
    has_user = any(message.role == "user" for message in character.history)
    return msgspec.structs.replace(
        staging,
        persona=msgspec.structs.replace(staging.persona, greetings=()),
        is_user_first=not has_user or wants_user_first(template),
    )
