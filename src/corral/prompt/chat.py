"""From a chat to its prompt, and to how the answer is to be read. Pure."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from corral.core.request import Thinking
from corral.core.settings import ChatSettings
from corral.prompt.answer_split import LEGACY, Reading
from corral.prompt.continuation import to_continue, with_beginning
from corral.prompt.generic_tools import in_words
from corral.prompt.messages import Message
from corral.prompt.reasoning import DEFAULT_TAGS, ThinkTags, is_open, tags_of
from corral.prompt.templates import ChatTemplate, Prompt
from corral.prompt.thoughts import limited, without_thoughts
from corral.prompt.tool_formats import GENERIC, MISTRAL, Layout, ToolFormat, format_of
from corral.prompt.tools import ToolUse, call_schema


class ChatWish(msgspec.Struct, frozen=True, kw_only=True):
    """A chat, and what its client wants of it. None: as the settings have it.

    `is_continued`: the answer goes on with the last message. `reasoning_budget` below 0: no bound.
    `is_structured`: the answer keeps to a grammar. `user_name` is what a character calls the user.
    """

    messages: list[Message]
    use: ToolUse = ToolUse()
    variables: dict[str, Any] = {}
    is_answer_wanted: bool = True
    is_continued: bool | None = None
    is_structured: bool = False
    reasoning_format: str | None = None
    reasoning_effort: str | None = None
    reasoning_budget: int | None = None
    reasoning_budget_message: str | None = None
    user_name: str | None = None


class ChatPrompt(msgspec.Struct, frozen=True, kw_only=True):
    """`schema` is what the answer must match, None for anything; `shown_tokens` must appear in its text."""

    prompt: Prompt
    reading: Reading
    schema: dict[str, Any] | None = None
    thinking: Thinking | None = None
    shown_tokens: tuple[str, ...] = ()


def compose(template: ChatTemplate, wish: ChatWish, settings: ChatSettings) -> ChatPrompt:
    """Return the prompt of a chat. Raises InvalidRequestError."""
    form = _form(template, wish.use)
    tags = tags_of(template.source)
    rendered = _rendered(template, wish, settings, form)
    budget = _first(wish.reasoning_budget, settings.reasoning_budget)
    message = _first(wish.reasoning_budget_message, settings.reasoning_budget_message) or ""
    text = rendered.text
    if tags and budget == 0:
        text = without_thoughts(text, tags, message)
    elif tags and _is_ruled(wish) and is_open(text, tags):
        text = without_thoughts(text, tags)
    forced = form if wish.use.is_forced else None
    return ChatPrompt(
        prompt=Prompt(text + (forced.begin if forced else ""), rendered.is_bos_wanted),
        reading=_reading(wish, settings, form, tags, is_thinking=tags is not None and is_open(text, tags)),
        schema=_schema(wish.use, forced) if forced else None,
        thinking=limited(text, tags, budget, message) if tags else None,
        shown_tokens=(*(form.shown_tokens if form else ()), *((tags.begin, tags.end) if tags else ())),
    )


def _is_ruled(wish: ChatWish) -> bool:
    """Tell whether the answer keeps to a grammar from its first token, which leaves no room for thoughts."""
    return wish.is_structured or wish.use.is_forced


def _form(template: ChatTemplate, use: ToolUse) -> ToolFormat | None:
    """Return the format of calls, None without tools."""
    if not use.tools:
        return None
    form = format_of(template.source)
    if form is GENERIC or not template.capabilities.supports_tools:
        return GENERIC
    # A forced call is JSON as a whole, so that a schema can describe it.
    return MISTRAL if use.is_forced and form.layout is Layout.NAME_FIRST else form


def _rendered(
    template: ChatTemplate, wish: ChatWish, settings: ChatSettings, form: ToolFormat | None
) -> Prompt:
    messages = wish.messages
    continued = to_continue(messages, is_asked=wish.is_continued, is_default=settings.is_prefill_continued)
    if continued is not None:
        messages = messages[:-1]
    is_native = form is not None and form is not GENERIC
    if not is_native and (form is GENERIC or _has_unknown_turns(template, messages)):
        messages = in_words(messages, wish.use)
    prompt = template.render(
        messages,
        is_answer_wanted=wish.is_answer_wanted or continued is not None,
        variables=_variables(template, wish, settings),
        tools=wish.use.tools if is_native else (),
    )
    if continued is None:
        return prompt
    return Prompt(with_beginning(prompt.text, continued, template.source), prompt.is_bos_wanted)


def _has_unknown_turns(template: ChatTemplate, messages: list[Message]) -> bool:
    has_tool_turns = any(message.tool_calls or message.role == "tool" for message in messages)
    return has_tool_turns and not template.capabilities.supports_tool_calls


def _variables(template: ChatTemplate, wish: ChatWish, settings: ChatSettings) -> dict[str, Any]:
    effort = wish.reasoning_effort or settings.reasoning_effort
    own: dict[str, Any] = {"preserve_reasoning": settings.is_reasoning_preserved}
    if settings.reasoning != "auto" or tags_of(template.source):
        own["enable_thinking"] = settings.reasoning != "off"
    if effort == "none":
        own["enable_thinking"] = False
    elif effort:
        own["reasoning_effort"] = effort
    return {**own, **settings.variables, **wish.variables}


def _reading(
    wish: ChatWish,
    settings: ChatSettings,
    form: ToolFormat | None,
    tags: ThinkTags | None,
    *,
    is_thinking: bool,
) -> Reading:
    if settings.is_parsing_skipped:
        return Reading()
    kind = wish.reasoning_format or settings.reasoning_format
    if kind in ("deepseek", LEGACY):
        tags = tags or DEFAULT_TAGS
    return Reading(
        tags=None if kind == "none" else tags,
        is_open=is_thinking,
        is_legacy=kind == LEGACY,
        form=form,
        names=wish.use.names,
        n_max=wish.use.n_max,
        is_begun=wish.use.is_forced and bool(form and form.begin),
    )


_T = TypeVar("_T")


def _first(*values: _T | None) -> _T | None:
    """Return the first value that was given."""
    return next((value for value in values if value is not None), None)


def _schema(use: ToolUse, form: ToolFormat) -> dict[str, Any]:
    is_array = form.is_array or (form is GENERIC and use.n_max != 1)
    return call_schema(use, form.argument_key, is_array=is_array)
