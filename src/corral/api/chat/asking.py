"""The way from a chat, whatever its dialect, to the request that the engine gets."""

from __future__ import annotations

import functools

import msgspec
from starlette.requests import Request

from corral.api.auth import caller_of
from corral.api.chat.in_character import fill_in, spoken
from corral.api.chat.media import filled
from corral.api.chat.negative import negated
from corral.api.connection import while_connected
from corral.api.generation.fields import GenerationFields
from corral.api.generation.guidance import has_guidance
from corral.api.generation.request import Ask, to_asks
from corral.api.media.loading import MediaLoading
from corral.api.serving import Serving, as_wire_prompt
from corral.api.threads import by_size
from corral.core.errors import NotSupportedError
from corral.core.messages import ModelFacts
from corral.prompt.answer_split import Reading
from corral.prompt.chat import ChatPrompt, ChatWish, compose
from corral.prompt.gallery import Gallery
from corral.prompt.templates import ChatTemplate


class AskedChat(msgspec.Struct, frozen=True):
    """A chat's request (one, that may want several answers) and how its answers are read."""

    asks: list[Ask]
    reading: Reading
    facts: ModelFacts


class ChatAsking:
    """Turns chats into requests; holds no state of one. `template` None: the one in force."""

    def __init__(self, serving: Serving, *, template: ChatTemplate | None = None) -> None:
        self._serving = serving
        self._template = template
        self._loading = MediaLoading(serving.settings.server.media)

    async def composed(self, request: Request, wish: ChatWish) -> ChatPrompt:
        """Return the prompt of the chat in the body of `request`. Raises InvalidRequestError."""
        wish = self._ruled(wish)
        if self._serving.persona is None:
            return await self._composed(request, wish)
        return (await spoken(request, self._serving, wish, template=self._in_force())).chat

    def _in_force(self) -> ChatTemplate:
        return self._template or self._serving.template()

    def _ruled(self, wish: ChatWish) -> ChatWish:
        if self._serving.settings.generation.structure is None:  # a grammar for all requests
            return wish
        return msgspec.structs.replace(wish, is_structured=True)

    async def _composed(self, request: Request, wish: ChatWish) -> ChatPrompt:
        settings = self._serving.settings.chat
        return await by_size(request, functools.partial(compose, self._in_force(), wish, settings))

    async def ask(
        self, request: Request, wish: ChatWish, fields: GenerationFields, gallery: Gallery
    ) -> AskedChat:
        """Return the engine's request for a chat with the options `fields`, the images of `gallery` loaded.

        Modifies `fields`: a forced call brings a schema of its own, `negative_prompt` becomes a chat, a
        character what it likes. Raises InvalidRequestError and NotSupportedError.
        """
        wish = self._ruled(wish)
        if self._serving.persona is None:
            chat = await self._composed(request, wish)
        else:
            usual_stop = self._serving.settings.generation.stop
            fill_in(fields, self._serving.persona, wish, usual_stop=usual_stop)
            told = await spoken(request, self._serving, wish, template=self._in_force(), fields=fields)
            wish, chat = told.wish, told.chat
        gallery.check(chat.prompt.text, wish.messages)
        terms = self._serving.terms(
            caller_of(request), is_cached=True, is_bos_wanted=chat.prompt.is_bos_wanted
        )
        if chat.schema is not None:
            fields.json_schema = chat.schema
        if has_guidance(fields) and fields.negative_prompt:
            negative = await self._composed(request, negated(wish, fields.negative_prompt))
            fields.negative_prompt = negative.prompt.text
        asks = [_with_chat(ask, chat) for ask in to_asks(fields, [as_wire_prompt(chat.prompt)], terms)]
        if gallery.sources:
            asks = await while_connected(request.receive, filled(asks, gallery, self._loading))
        return AskedChat(asks, chat.reading, terms.facts)

    async def n_tokens(self, request: Request, wish: ChatWish, gallery: Gallery) -> int:
        """Return how many tokens a chat's prompt has. Raises NotSupportedError for one with images."""
        if gallery.sources:
            raise NotSupportedError("tokens are counted for chats without images only")
        prompt = (await self.composed(request, wish)).prompt
        tokenized = await self._serving.door.tokenize(
            [prompt.text], add_special=prompt.is_bos_wanted, parse_special=True
        )
        return len(tokenized.tokens)


def _with_chat(ask: Ask, chat: ChatPrompt) -> Ask:
    request = msgspec.structs.replace(ask.request, shown_tokens=chat.shown_tokens, thinking=chat.thinking)
    return msgspec.structs.replace(ask, request=request)
