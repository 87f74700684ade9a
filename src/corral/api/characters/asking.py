"""The way from a body of character chat to the request that the engine gets."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request

from corral.api import body
from corral.api.auth import caller_of
from corral.api.characters.translate import CharacterChat, to_chat
from corral.api.characters.types import CharacterChatBody
from corral.api.generation.prompts import WirePrompt
from corral.api.generation.request import Ask, to_asks
from corral.api.ports import DoorPort
from corral.api.serving import Serving
from corral.api.threads import by_size
from corral.core.messages import ModelFacts
from corral.prompt.characters.blocks import Blocks, check_bare, chosen, shortened
from corral.prompt.persona import Persona


async def read_chat(request: Request, serving: Serving, facts: ModelFacts) -> CharacterChat:
    """Return the chat in the body of `request`. Raises InvalidRequestError, and NotFoundError."""
    content = await body.read_bytes(request)
    wanted = await by_size(request, lambda: body.parse(content, CharacterChatBody))
    persona = await _persona(wanted, serving)
    raw = await by_size(request, lambda: body.parse(content, dict[str, Any]))
    return await by_size(request, lambda: to_chat(wanted, raw, persona, facts))


async def _persona(wanted: CharacterChatBody, serving: Serving) -> Persona | None:
    """Return the character of the server that the body names, None if it brings one along."""
    if not isinstance(wanted.character, str):
        return None
    await serving.characters.refresh()
    return serving.characters.find(wanted.character)


async def ask(request: Request, chat: CharacterChat, serving: Serving) -> Ask:
    """Return the engine's request. Raises InvalidRequestError for a prompt that has no room."""
    terms = serving.terms(caller_of(request), is_cached=True)
    text = await _fitting(chat, terms.facts, serving.door)
    (asked,) = to_asks(chat.fields, [WirePrompt(text, [text])], terms)
    return asked


async def _fitting(chat: CharacterChat, facts: ModelFacts, door: DoorPort) -> str:
    """Return the prompt with as many messages as the budget takes.

    The parts are counted in one call. Tokens of a whole can be more than those of its parts: so the whole is
    counted too, and messages are left out until it fits.
    """
    prompt, n_examples = chat.prompt, len(chat.prompt.examples)
    n_system, n_bare, *counts = await door.count([facts.system_prompt, *prompt.pieces], has_special=True)
    examples, history = counts[:n_examples], counts[n_examples:]
    n_extra = n_system + facts.is_bos_added + facts.is_eos_added
    blocks: Blocks | None = chosen(n_bare + n_extra, examples, history, chat.n_budget)
    while blocks is not None:
        text = prompt.text(blocks)
        (n_whole,) = await door.count([text], has_special=True)
        n_over = n_whole + n_extra - chat.n_budget
        if n_over <= 0:
            return text
        blocks = shortened(blocks, n_over, examples, history)
    check_bare(chat.n_budget + n_over, chat.n_budget)
    raise AssertionError("a prompt that is over its budget was refused above")
