"""A chat with a character: its messages around the client's, its sampling where the request says nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import msgspec
from starlette.requests import Request

from corral.api.chat.performance import Performance, Stage, exceeded
from corral.api.generation import limits
from corral.api.generation.fields import GenerationFields
from corral.api.generation.numbers import whole
from corral.api.serving import Serving
from corral.api.threads import is_large
from corral.prompt.characters.opening import wants_user_first
from corral.prompt.characters.placeholders import expand
from corral.prompt.characters.speaking import scene_of
from corral.prompt.characters.staging import Staging
from corral.prompt.chat import ChatWish
from corral.prompt.persona import Persona
from corral.prompt.templates import ChatTemplate

_MAX_NAME = 200  # characters of a user's name
# Of the context, for an answer whose length nobody says, and at most for one whose length is said.
_USUAL_SHARE = 4
_LARGEST_SHARE = 2
# The names of one limit; a request that gives any of them has said something.
_LIMITS = ("n_predict", "max_tokens", "max_completion_tokens")


async def spoken(
    request: Request,
    serving: Serving,
    wish: ChatWish,
    *,
    template: ChatTemplate,
    fields: GenerationFields | None = None,
) -> Performance:
    """Return the chat as the character of `serving` has it; arguments as in `staged`. Raises CorralError."""
    return await staged(serving, wish, template=template, fields=fields, is_long=is_large(request))


async def staged(
    serving: Serving,
    wish: ChatWish,
    *,
    template: ChatTemplate,
    fields: GenerationFields | None,
    is_long: bool,
) -> Performance:
    """Return the chat as the character has it, whom `serving` must have; a long one is worked on in a thread.

    `template` is what the chat is for, `fields` are the options of the request, None where no answer is made.
    The oldest messages are left out where they no longer fit. Raises CorralError: ContextExceededError where
    an answer is to be made and the character with the newest message alone leaves no room for one.
    """
    persona = serving.persona
    assert persona is not None, "nobody to speak as"
    staging = _staging(persona, wish, template, seed=_seed(fields))
    n_ctx = serving.door.facts().n_ctx
    n_answer = _n_answer(serving, fields, n_ctx)
    stage = Stage(serving=serving, template=template, n_answer=n_answer, is_long=is_long)
    found = await stage.performed(wish, staging)
    if fields is not None and found.n_tokens >= n_ctx:
        raise exceeded(persona.name, found.n_tokens, n_ctx, f"the model's context has {n_ctx}")
    return found


def fill_in(
    fields: GenerationFields, persona: Persona, wish: ChatWish, *, usual_stop: Sequence[str] = ()
) -> None:
    """Give `fields` what the character likes where the request says nothing, and its stop strings besides.

    Modifies `fields`. `usual_stop` are the server's, for a request without any. Of more stop strings than are
    served the request's come first.
    """
    liked = msgspec.structs.asdict(persona.sampling)
    if any(getattr(fields, name) is not None for name in _LIMITS):
        del liked["max_tokens"]
    for name, value in liked.items():
        if value is not None and getattr(fields, name) is None:
            setattr(fields, name, value)
    given = [fields.stop] if isinstance(fields.stop, str) else [*(fields.stop or usual_stop)]
    scene = scene_of(persona, user_name_of(wish))
    own = [text for stop in persona.stop if (text := expand(stop, scene)) and text not in given]
    n_free = max(0, limits.MAX_STOPS - len(given))
    if own[:n_free]:
        fields.stop = [*given, *own[:n_free]]


def user_name_of(wish: ChatWish) -> str | None:
    """Return the name on the user's last message, else the request's; None: as the character has it."""
    named = (message.name for message in reversed(wish.messages) if message.role == "user")
    name = next(named, "") or wish.user_name or ""
    # It may stand in many places: one line of a bounded length, whoever sends it.
    return " ".join(name[:_MAX_NAME].split()) or None


def _staging(persona: Persona, wish: ChatWish, template: ChatTemplate, *, seed: int | None) -> Staging:
    return Staging(
        persona=persona,
        now=dt.datetime.now().astimezone(),
        user_name=user_name_of(wish),
        seed=seed,
        is_user_first=wants_user_first(template),
    )


def _seed(fields: GenerationFields | None) -> int | None:
    given = fields.seed if fields is not None else None
    return None if given is None or given < 0 else whole("seed", given)


def _n_answer(serving: Serving, fields: GenerationFields | None, n_ctx: int) -> int:
    n_predict = limits.n_predict(fields or GenerationFields(), serving.settings.generation.n_predict)
    return n_ctx // _USUAL_SHARE if n_predict < 0 else min(n_predict, n_ctx // _LARGEST_SHARE)
