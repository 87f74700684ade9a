"""The way from a tab's chat to the request that the engine gets: the one that chats of the API go too."""

from __future__ import annotations

from corral.api.chat.in_character import fill_in, staged
from corral.api.generation import limits
from corral.api.generation.request import Ask, to_asks
from corral.api.serving import Serving, as_wire_prompt
from corral.prompt.chat import ChatWish, compose
from corral.prompt.messages import Message
from corral.ui.wishes import Wishes, to_fields


async def ask_for(messages: list[Message], wishes: Wishes, serving: Serving, caller: str) -> Ask:
    """Return the engine's request for the answer to `messages`; as its character, where `serving` has one.

    Raises CorralError.
    """
    is_ruled = serving.settings.generation.structure is not None  # a grammar for all requests
    wish = ChatWish(messages=messages, is_continued=False, is_structured=is_ruled)
    fields, persona = to_fields(wishes), serving.persona
    if persona is None:
        prompt = compose(serving.template(), wish, serving.settings.chat).prompt
    else:
        fill_in(fields, persona, wish, usual_stop=serving.settings.generation.stop)
        # On a thread: a reader does not notice it, and the chat may be long.
        told = await staged(serving, wish, template=serving.template(), fields=fields, is_long=True)
        prompt = told.chat.prompt
    if fields.max_tokens is None:  # nobody may be watching the page: the context is the end at the latest
        fields.n_predict = limits.UNTIL_FULL
    terms = serving.terms(caller, is_cached=True, is_bos_wanted=prompt.is_bos_wanted)
    (ask,) = to_asks(fields, [as_wire_prompt(prompt)], terms)
    return ask
