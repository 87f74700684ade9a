"""What a request works with: the door to one model's engine, its settings, its chat template."""

from __future__ import annotations

import copy
import secrets
from collections.abc import Callable

from corral.api.generation.images import MediaTerms
from corral.api.generation.prompts import WirePrompt
from corral.api.generation.request import Ask, Terms
from corral.api.no_characters import NoCharacters
from corral.api.ports import CharactersPort, DoorPort
from corral.api.sse import EventStream, Shaper, error_frame
from corral.core.errors import CorralError, NotSupportedError, SettingsError
from corral.core.messages import ModelFacts
from corral.core.settings import Settings
from corral.prompt import templates
from corral.prompt.builtin_templates import BUILTIN
from corral.prompt.chat import ChatWish, compose
from corral.prompt.messages import Message
from corral.prompt.persona import Persona
from corral.prompt.templates import ChatTemplate, Prompt, TemplateSourceError

_NO_COMPLETIONS = "This server does not support completions. Start it without `--embeddings` or `--reranking`"


class ChatTemplates:
    """The chat templates in force, each compiled once per model.

    `choice` is `--chat-template`; without `is_jinja` templates only show which builtin is meant. Raises
    SettingsError if `choice` is neither a builtin's name nor valid Jinja.
    """

    def __init__(self, choice: str | None, *, is_jinja: bool = True) -> None:
        self._choice = choice
        self._is_jinja = is_jinja
        self._facts: ModelFacts | None = None
        self._compiled: dict[str, ChatTemplate] = {}
        check_template(choice)

    def of(self, facts: ModelFacts, missing: str) -> ChatTemplate:
        """Return the template for the model that `facts` describe; if it has none, the builtin `missing`."""
        if self._facts is not facts:
            self._facts, self._compiled = facts, {}
        if missing not in self._compiled:
            self._compiled[missing] = templates.for_model(
                facts, self._choice, is_jinja=self._is_jinja, missing=missing
            )
        return self._compiled[missing]


def check_template(choice: str | None) -> None:
    """Raise SettingsError if `--chat-template` is neither a builtin's name nor valid Jinja."""
    if choice is None:
        return
    try:
        ChatTemplate(BUILTIN.get(choice, choice))
    except TemplateSourceError as error:
        raise SettingsError(f"--chat-template: {error}") from error
    is_name = len(choice.split()) == 1 and "{" not in choice
    if is_name and choice not in BUILTIN:
        raise SettingsError(
            f"--chat-template: {choice!r} is no builtin template; there are {', '.join(sorted(BUILTIN))}"
        )


class Serving:
    """One model as its requests see it; holds no state of one.

    `persona` is who it speaks as in chats, None for itself.
    """

    def __init__(
        self, door: DoorPort, settings: Settings, *, characters: CharactersPort | None = None
    ) -> None:
        self.door = door
        self.settings = settings
        self.characters = characters or NoCharacters()
        self.persona: Persona | None = None
        self.media = MediaTerms(settings.server.media, f"<__media_{secrets.token_hex(16)}__>")
        self._templates = ChatTemplates(settings.chat.template, is_jinja=settings.chat.is_jinja)

    @property
    def model(self) -> str:
        """The name that answers carry."""
        return self.door.name

    def speaking_as(self, persona: Persona) -> Serving:
        """Return the same model speaking as `persona`."""
        made = copy.copy(self)
        made.persona = persona
        return made

    def template(self, missing: str = "chatml") -> ChatTemplate:
        """Return the chat template in force; `missing` names the builtin for a model without one."""
        return self._templates.of(self.door.facts(), missing)

    def chat_prompt(
        self, messages: list[Message], *, is_answer_wanted: bool, variables: dict[str, object] | None
    ) -> Prompt:
        """Return the prompt of a chat. Raises InvalidRequestError when the template refuses it."""
        wish = ChatWish(
            messages=messages,
            variables=variables or {},
            is_answer_wanted=is_answer_wanted,
            is_continued=False,
        )
        return compose(self.template(), wish, self.settings.chat).prompt

    def stream(
        self, asks: list[Ask], shaper: Shaper, *, to_error: Callable[[CorralError], bytes] = error_frame
    ) -> EventStream:
        """Return the streamed answer of one body; `to_error` shapes what goes wrong in its midst."""
        ping_s = self.settings.server.sse_ping_s
        return EventStream(self.door, asks, shaper, keep_alive_s=ping_s, to_error=to_error)

    def terms(self, caller: str, *, is_cached: bool, is_bos_wanted: bool = True) -> Terms:
        """Return what all requests of one body share.

        Raises NotSupportedError for a model that is run for vectors.
        """
        facts = self.door.facts()
        if facts.purpose != "generate":
            raise NotSupportedError(_NO_COMPLETIONS)
        return Terms(
            facts=facts,
            defaults=self.settings.generation,
            caller=caller,
            is_cached=is_cached,
            is_bos_wanted=is_bos_wanted,
            media=self.media,
        )


def as_wire_prompt(prompt: Prompt) -> WirePrompt:
    """Return a rendered chat as a prompt of one piece."""
    return WirePrompt(prompt.text, [prompt.text])
