"""How model families write a call of a tool, as their published templates have it. A table."""

from __future__ import annotations

import enum

import msgspec


class Layout(enum.Enum):
    """What stands behind the mark."""

    OBJECTS = "objects"  # JSON: {"name", "arguments"}, maybe several in an array
    NAME_FIRST = "name_first"  # name[ARGS]{arguments}


class ToolFormat(msgspec.Struct, frozen=True, kw_only=True):
    """`begin` marks a call; empty: the whole answer is the object. `end` closes it, where there is an end.

    `argument_key` is how the model is used to write it; both keys are read. `is_array`: calls always stand in
    an array, elsewhere they may. `shown_tokens` are special tokens that must appear in the text. `n_id` is
    the length of a call's id, where the template is strict about it.
    """

    name: str
    begin: str = ""
    end: str = ""
    layout: Layout = Layout.OBJECTS
    argument_key: str = "arguments"
    is_array: bool = False
    shown_tokens: tuple[str, ...] = ()
    n_id: int | None = None


GENERIC = ToolFormat(name="generic")
HERMES = ToolFormat(
    name="hermes", begin="<tool_call>", end="</tool_call>", shown_tokens=("<tool_call>", "</tool_call>")
)
LLAMA3 = ToolFormat(name="llama3", argument_key="parameters")
MISTRAL = ToolFormat(
    name="mistral", begin="[TOOL_CALLS]", is_array=True, shown_tokens=("[TOOL_CALLS]",), n_id=9
)
MISTRAL_ARGS = ToolFormat(
    name="mistral-args",
    begin="[TOOL_CALLS]",
    layout=Layout.NAME_FIRST,
    shown_tokens=("[TOOL_CALLS]", "[ARGS]"),
    n_id=9,
)
FIREFUNCTION = ToolFormat(name="firefunction", begin="functools", is_array=True)
ARGUMENTS_MARK = "[ARGS]"

# What a template's source shows of its family, most telling first; "!" in front: must not be there.
_MARKS: tuple[tuple[tuple[str, ...], ToolFormat], ...] = (
    (("tools", "[TOOL_CALLS]", ARGUMENTS_MARK), MISTRAL_ARGS),
    (("tools", "[TOOL_CALLS]"), MISTRAL),
    (("functions", "functools["), FIREFUNCTION),
    (("tools", "<tool_call>", "arguments", "!<function=", "!<arg_key>", "!<|tool_sep|>"), HERMES),
    (("tools", "<|start_header_id|>", '"parameters"'), LLAMA3),
)


def format_of(source: str) -> ToolFormat:
    """Return the format that a template teaches its model; GENERIC if it knows none of the table."""
    return next((form for marks, form in _MARKS if all(_fits(mark, source) for mark in marks)), GENERIC)


def _fits(mark: str, source: str) -> bool:
    return mark[1:] not in source if mark.startswith("!") else mark in source
