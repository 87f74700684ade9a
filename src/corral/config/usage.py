"""The usage text: llama-server's three blocks, from the table."""

from __future__ import annotations

import textwrap

from corral.config.kinds import Value
from corral.config.option import Option
from corral.config.options import TABLE

_INDENT = 34
_WIDTH = 110


def usage() -> str:
    """Return the help of every option."""
    return "\n\n".join(_block(title, options) for title, options in TABLE.items()) + "\n"


def entry(option: Option) -> str:
    """Return the help of one option: its spellings, and beside them what it does."""
    names = ", ".join(option.spellings)
    spelled = f"{names} {metavar(option)}".rstrip()
    text = textwrap.wrap(_sentence(option), _WIDTH - _INDENT)
    beside, *below = [" " * _INDENT + line for line in text]
    if len(spelled) < _INDENT - 1:
        return "\n".join([spelled + beside[len(spelled) :], *below])
    return "\n".join([spelled, beside, *below])


def metavar(option: Option) -> str:
    """Return the placeholder of the value, in brackets where it may be left out."""
    return f"[{option.kind.metavar}]" if option.alone else option.kind.metavar


def default_text(option: Option) -> str:
    """Return the default in words."""
    return option.default_text or _words(option.default)


def _block(title: str, options: tuple[Option, ...]) -> str:
    return "\n".join([f"----- {title} params -----", "", *map(entry, options)])


def _sentence(option: Option) -> str:
    default = default_text(option) if option.fills or option.default_text else ""
    facts = [f"unit: {option.unit}"] * bool(option.unit) + [f"default: {default}"] * bool(default)
    facts += [f"env: {', '.join(option.variables)}"] * bool(option.variables)
    return f"{option.help} ({'; '.join(facts)})" if facts else option.help


def _words(value: Value) -> str:
    if value is None or value == ():
        return "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, tuple):
        return ";".join(str(item).replace("\n", "\\n") for item in value)
    return f"{value:g}" if isinstance(value, float) else str(value)
