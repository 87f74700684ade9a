"""The command line, read with llama-server's rules.

Underscores in long flags are dashes; letters never bundle, prefixes never abbreviate, there is no
`--flag=value` and nothing positional; the word after a flag that takes a value is always its value.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from corral.config.given import Given, ReadFile, give
from corral.config.options import FLAGS, Spelling, nearest
from corral.config.refused import refuse
from corral.config.rows.device import LIST_DEVICES
from corral.config.rows.general import VERSION
from corral.config.usage import entry
from corral.core.errors import SettingsError

ENDINGS = (VERSION, LIST_DEVICES)  # they act at once, whatever follows


def read_arguments(argv: Sequence[str], read_file: ReadFile) -> list[Given]:
    """Return what the words of the command line give, in their order; nothing after what ends at once.

    Raises:
        SettingsError: with everything that llama-server would print.
    """
    words = deque(argv)
    given: list[Given] = []
    while words:
        flag = _normal(words.popleft())
        spelling = _find(flag)
        given.append(_read(flag, spelling, words, read_file))
        if spelling.option in ENDINGS:
            break
    return given


def _normal(word: str) -> str:
    return word.replace("_", "-") if word.startswith("--") else word


def _find(flag: str) -> Spelling:
    if flag not in FLAGS:
        refuse(flag)
        raise SettingsError("\n".join([f"error: invalid argument: {flag}", *_hints(flag)]))
    return FLAGS[flag]


def _hints(flag: str) -> list[str]:
    name, equals, value = flag.partition("=")
    if equals and name in FLAGS:
        return [f"write it as two words: {name} {value}"]
    if not flag.startswith("-"):
        return ["every value follows its flag; a model file is named with: -m FNAME"]
    question = nearest(flag, FLAGS)
    return [question] if question else []


def _read(flag: str, spelling: Spelling, words: deque[str], read_file: ReadFile) -> Given:
    try:
        return give(spelling.option, flag, _text(spelling, words), read_file)
    except ValueError as error:
        raise SettingsError(
            f'error while handling argument "{flag}": {error}\n\n'
            f"usage:\n{entry(spelling.option)}\n\nto show complete usage, run with -h"
        ) from error


def _text(spelling: Spelling, words: deque[str]) -> str:
    option = spelling.option
    if not option.kind.metavar:
        return spelling.word("on")
    if option.alone and not (words and _is_value(spelling, words[0])):
        return option.alone
    if not words:
        raise ValueError("expected value for argument")
    return _pair(spelling, words) if option.n_values == 2 else words.popleft()


def _pair(spelling: Spelling, words: deque[str]) -> str:
    """Take two words, or one that is a value alone and makes none with the next."""
    first = words.popleft()
    is_whole = _is_value(spelling, first)
    if is_whole and not (words and _is_value(spelling, f"{first}:{words[0]}")):
        return first
    if not words:
        raise ValueError("expected value for argument")
    return f"{first}:{words.popleft()}"


def _is_value(spelling: Spelling, text: str) -> bool:
    try:
        spelling.option.kind.read(text)
    except ValueError:
        return False
    return True
