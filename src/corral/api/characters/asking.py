"""The way from a body of character chat to the request that the engine gets."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec
from starlette.requests import Request

from corral.api import body
from corral.api.auth import caller_of
from corral.api.characters.templated import templated
from corral.api.characters.translate import CharacterChat, plain_prompt, to_chat
from corral.api.characters.types import CharacterChatBody
from corral.api.generation.request import Ask, to_asks
from corral.api.ports import DoorPort
from corral.api.serving import Serving, as_wire_prompt
from corral.api.threads import by_size, by_weight, in_thread, is_large
from corral.core.messages import ModelFacts
from corral.prompt.characters.blocks import check_bare
from corral.prompt.characters.fitting import Fitting
from corral.prompt.characters.plain_prompt import Choice, PlainPrompt
from corral.prompt.persona import Persona
from corral.prompt.templates import Prompt


async def read_chat(request: Request, serving: Serving, facts: ModelFacts) -> CharacterChat:
    """Return the chat in the body of `request`. Raises InvalidRequestError, and NotFoundError."""
    content = await body.read_bytes(request)
    wanted = await by_size(request, lambda: body.parse(content, CharacterChatBody))
    persona = await _persona(wanted, serving)
    raw = await by_size(request, lambda: body.parse(content, dict[str, Any]))
    now = dt.datetime.now().astimezone()
    is_heavy = is_large(request) or (persona is not None and persona.has_long_lore)
    return await by_weight(lambda: to_chat(wanted, raw, persona, facts=facts, now=now), is_heavy=is_heavy)


async def _persona(wanted: CharacterChatBody, serving: Serving) -> Persona | None:
    """Return the character of the server that the body names, None if it brings one along."""
    if not isinstance(wanted.character, str):
        return None
    await serving.characters.refresh()
    return serving.characters.find(wanted.character)


async def ask(request: Request, chat: CharacterChat, serving: Serving) -> Ask:
    """Return the engine's request. Raises InvalidRequestError for a prompt that has no room."""
    terms = serving.terms(caller_of(request), is_cached=True)
    prompt = await templated(chat, serving, is_long=is_large(request))
    if prompt is None:
        prompt = Prompt(await _plain_text(chat, terms.facts, serving.door), is_bos_wanted=True)
    terms = msgspec.structs.replace(terms, is_bos_wanted=prompt.is_bos_wanted)
    (asked,) = to_asks(chat.fields, [as_wire_prompt(prompt)], terms)
    return asked


async def _plain_text(chat: CharacterChat, facts: ModelFacts, door: DoorPort) -> str:
    """Return the prompt with as many messages as the budget takes.

    The parts are counted in one call. Tokens of a whole can be more than those of its parts: so the whole is
    counted too, and messages are left out until it fits. The work on texts is a thread's however small the
    body is: its templates may make much of little.
    """
    prompt, pieces = await in_thread(lambda: _in_pieces(chat))
    n_system, n_bare, *counts = await door.count([facts.system_prompt, *pieces], has_special=True)
    n_extra = n_system + facts.is_bos_added + facts.is_eos_added
    n_budget = chat.n_budget
    fitting = Fitting(prompt, [n_bare + n_extra, *counts], n_context=facts.n_ctx, n_budget=n_budget)
    choose: Callable[[], Choice | None] = fitting.first
    while (chosen := await in_thread(partial(_with_text, prompt, choose))) is not None:
        choice, text = chosen
        (n_whole,) = await door.count([text], has_special=True)
        n_over = n_whole + n_extra - n_budget
        if n_over <= 0:
            return text
        choose = partial(fitting.shorter, choice, n_over)
    check_bare(n_budget + n_over, n_budget, prompt.field)
    raise AssertionError("a prompt that is over its budget was refused above")


def _in_pieces(chat: CharacterChat) -> tuple[PlainPrompt, list[str]]:
    prompt = plain_prompt(chat)
    return prompt, prompt.pieces


def _with_text(prompt: PlainPrompt, choose: Callable[[], Choice | None]) -> tuple[Choice, str] | None:
    choice = choose()
    return None if choice is None else (choice, prompt.text(choice))
