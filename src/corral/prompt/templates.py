"""Chat templates: the model's own Jinja source, run in a sandbox, turns messages into a prompt's text.

Environment as the transformers library documents it for chat templates (trim_blocks, lstrip_blocks, loop
controls, `raise_exception`, `strftime_now`, a `tojson` that escapes no HTML), because that is what model
authors write against.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

import jinja2
import msgspec
from jinja2.ext import loopcontrols

from corral.core import log
from corral.core.errors import InvalidRequestError
from corral.core.messages import ModelFacts
from corral.prompt.builtin_templates import BUILTIN, guess
from corral.prompt.messages import Message, with_system_merged
from corral.prompt.sandbox import BoundedEnvironment, Budget, TemplateBudgetError, budget, limited

_log = log.get("prompt.templates")

MAX_SOURCE = 1024 * 1024  # characters


class Prompt(msgspec.Struct, frozen=True):
    """A rendered chat. `is_bos_wanted` is false when the text already begins with the BOS token."""

    text: str
    is_bos_wanted: bool


class TemplateSourceError(ValueError):
    """The template's source cannot be compiled; the message says where."""


class ChatTemplate:
    """One compiled template with the BOS and EOS texts of its model."""

    def __init__(self, source: str, *, bos_text: str = "", eos_text: str = "") -> None:
        """Compile `source`. Raises TemplateSourceError."""
        self.source = source
        self._bos_text = bos_text
        self._eos_text = eos_text
        self._template = _compile(source)

    def render(
        self,
        messages: list[Message],
        *,
        is_answer_wanted: bool = True,
        variables: Mapping[str, object] | None = None,
    ) -> Prompt:
        """Return the prompt of `messages`; `is_answer_wanted` opens the assistant's turn at its end.

        A template that refuses the system role gets its text in the first user turn instead. Raises
        InvalidRequestError, with the template's own words, when it refuses the chat.
        """
        given = {**(variables or {}), "add_generation_prompt": is_answer_wanted}
        try:
            text = self._text(messages, given)
        except jinja2.TemplateError as error:
            text = self._text_without_system(messages, given, error)
        return Prompt(text, is_bos_wanted=not (self._bos_text and text.startswith(self._bos_text)))

    def _text_without_system(
        self, messages: list[Message], given: Mapping[str, object], refusal: jinja2.TemplateError
    ) -> str:
        merged = with_system_merged(messages)
        if merged is messages or isinstance(refusal, TemplateBudgetError):
            raise _refused(refusal) from refusal
        try:
            return self._text(merged, given)
        except jinja2.TemplateError as error:
            raise _refused(error) from error

    def _text(self, messages: list[Message], given: Mapping[str, object]) -> str:
        token = budget.set(Budget())
        try:
            return "".join(limited(self._template.generate(self._variables(messages, given))))
        except jinja2.TemplateError:
            raise
        except RecursionError as error:
            raise jinja2.TemplateError("the template calls itself without end") from error
        except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
            raise jinja2.TemplateError(str(error)) from error
        finally:
            budget.reset(token)

    def _variables(self, messages: list[Message], given: Mapping[str, object]) -> dict[str, object]:
        return {
            **given,
            "messages": [{"role": message.role, "content": message.content} for message in messages],
            "bos_token": self._bos_text,
            "eos_token": self._eos_text,
        }


def for_model(facts: ModelFacts, choice: str | None = None) -> ChatTemplate:
    """Return the template that `choice` names or spells out, else the model's own, else one that fits.

    `choice` is a builtin's name or Jinja source. Raises TemplateSourceError only for a bad `choice`.
    """
    texts = {"bos_text": facts.bos_text, "eos_text": facts.eos_text}
    if choice is not None:
        return ChatTemplate(BUILTIN.get(choice, choice), **texts)
    if facts.chat_template is None:
        _log.warning("template.missing", model=facts.name, used="chatml")
        return ChatTemplate(BUILTIN["chatml"], **texts)
    try:
        return ChatTemplate(facts.chat_template, **texts)
    except TemplateSourceError as error:
        name = guess(facts.chat_template) or "chatml"
        _log.warning("template.unusable", model=facts.name, used=name, reason=str(error))
        return ChatTemplate(BUILTIN[name], **texts)


def _refused(error: jinja2.TemplateError) -> InvalidRequestError:
    return InvalidRequestError(f"Field 'messages': the chat template says: {error.message}")


def _raise_exception(message: str) -> None:
    raise jinja2.TemplateError(message)


def _strftime_now(form: str) -> str:
    return dt.datetime.now().astimezone().strftime(form)


def _tojson(
    value: object,
    ensure_ascii: bool = False,  # noqa: FBT001, FBT002 - templates pass these by position
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,  # noqa: FBT001, FBT002
) -> str:
    return json.dumps(
        value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys
    )


def _environment() -> BoundedEnvironment:
    environment = BoundedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols], filters={"tojson": _tojson}
    )
    environment.globals.update(raise_exception=_raise_exception, strftime_now=_strftime_now)
    return environment


_shared_environment = _environment()


def _compile(source: str) -> jinja2.Template:
    if len(source) > MAX_SOURCE:
        raise TemplateSourceError(f"the template is longer than {MAX_SOURCE} characters")
    try:
        template: Any = _shared_environment.from_string(source)
    except jinja2.TemplateSyntaxError as error:
        raise TemplateSourceError(f"line {error.lineno}: {error.message}") from error
    except (RecursionError, SyntaxError, MemoryError) as error:
        raise TemplateSourceError("the template is nested too deeply") from error
    compiled: jinja2.Template = template
    return compiled
