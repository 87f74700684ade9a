"""Chat templates: the model's own Jinja source, run in a sandbox, turns messages into a prompt's text.

Environment as the transformers library documents it for chat templates (trim_blocks, lstrip_blocks, loop
controls, `raise_exception`, `strftime_now`, a `tojson` that escapes no HTML), because that is what model
authors write against.
"""

from __future__ import annotations

import datetime as dt
import functools
import json
from collections.abc import Mapping, Sequence
from typing import Any

import jinja2
import msgspec
from jinja2.ext import loopcontrols

from corral.core import log
from corral.core.errors import InvalidRequestError
from corral.core.messages import ModelFacts
from corral.prompt.builtin_templates import BUILTIN, guess
from corral.prompt.capabilities import Capabilities, probe
from corral.prompt.generation_tag import Generation
from corral.prompt.messages import Message, as_variables, with_system_merged
from corral.prompt.sandbox import BoundedEnvironment, Budget, TemplateBudgetError, budget, limited
from corral.prompt.tools import Tool

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
        tools: Sequence[Tool] = (),
    ) -> Prompt:
        """Return the prompt of `messages`; `is_answer_wanted` opens the assistant's turn at its end.

        A template that refuses the system role gets its text in the first user turn instead. Raises
        InvalidRequestError, with the template's own words, when it refuses the chat.
        """
        offered = {"tools": [tool.definition for tool in tools]} if tools else {}
        given = {**(variables or {}), "add_generation_prompt": is_answer_wanted, **offered}
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

    @functools.cached_property
    def capabilities(self) -> Capabilities:
        """What it can show."""
        return probe(self._generate, self.source)

    def _text(self, messages: list[Message], given: Mapping[str, object]) -> str:
        has_calls = any(message.tool_calls for message in messages)
        is_object = has_calls and self.capabilities.supports_object_arguments
        shown = [as_variables(message, has_object_arguments=is_object) for message in messages]
        return self._generate({**given, "messages": shown})

    def _functions(self, tools: object) -> str:
        """Return the tools as Firefunction's template is given them by llama-server: one JSON text."""
        return _tojson(tools, indent=2) if tools and "functions" in self.source else ""

    def _generate(self, variables: Mapping[str, object]) -> str:
        """Return the text. Raises `jinja2.TemplateError` for all that can go wrong in a template."""
        token = budget.set(Budget())
        texts = {"bos_token": self._bos_text, "eos_token": self._eos_text}
        try:
            ours = {**_today(), "functions": self._functions(variables.get("tools"))}
            return "".join(limited(self._template.generate({**ours, **variables, **texts})))
        except jinja2.TemplateError:
            raise
        except RecursionError as error:
            raise jinja2.TemplateError("the template calls itself without end") from error
        except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
            raise jinja2.TemplateError(str(error)) from error
        finally:
            budget.reset(token)


def for_model(
    facts: ModelFacts, choice: str | None = None, *, is_jinja: bool = True, missing: str = "chatml"
) -> ChatTemplate:
    """Return the template that `choice` names or spells out, else the model's own, else one that fits.

    `choice` is a builtin's name or Jinja source. Without `is_jinja` a source is not run: it shows which
    builtin it resembles. `missing` is the builtin for a model that has no template at all. Raises
    TemplateSourceError only for a bad `choice`.
    """
    texts = {"bos_text": facts.bos_text, "eos_text": facts.eos_text}
    source = choice if choice is not None else facts.chat_template
    if source is None:
        _log.warning("template.missing", model=facts.name or facts.path, used=missing)
        return ChatTemplate(BUILTIN[missing], **texts)
    if not is_jinja:
        return ChatTemplate(_resembling(source, facts.name or facts.path), **texts)
    if choice is not None:
        return ChatTemplate(BUILTIN.get(choice, choice), **texts)
    try:
        return ChatTemplate(source, **texts)
    except TemplateSourceError as error:
        _log.warning("template.unusable", model=facts.name or facts.path, reason=str(error))
        return ChatTemplate(_resembling(source, facts.name or facts.path), **texts)


def _resembling(source: str, model: str) -> str:
    """Return the builtin that a source names or resembles, chatml if none."""
    if source in BUILTIN:
        return BUILTIN[source]
    name = guess(source)
    if name is None:
        _log.warning("template.unknown", model=model, used="chatml")
    return BUILTIN[name or "chatml"]


def _refused(error: jinja2.TemplateError) -> InvalidRequestError:
    return InvalidRequestError(f"Field 'messages': the chat template says: {error.message}")


def _raise_exception(message: str) -> None:
    raise jinja2.TemplateError(message)


def _strftime_now(form: str) -> str:
    return dt.datetime.now().astimezone().strftime(form)


def _today() -> dict[str, str]:
    """Return the day as templates of Llama 3 and of Firefunction ask for it."""
    return {"date_string": _strftime_now("%d %b %Y"), "datetime": _strftime_now("%b %d %Y %H:%M:%S %Z")}


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
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=[loopcontrols, Generation],
        filters={"tojson": _tojson},
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
