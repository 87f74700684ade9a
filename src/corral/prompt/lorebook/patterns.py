"""Keys that are regular expressions, safe to run whoever wrote them.

They are matched by Rust's regex crate, which pydantic-core brings: its time grows with the length of the text
times the size of the pattern, whatever either says (docs.rs/regex, "Untrusted input"). It knows neither
look-around nor backreferences, and refuses a pattern that compiles to more than 10 MB.
"""

from __future__ import annotations

import functools
import re

from pydantic_core import SchemaError, SchemaValidator, core_schema

MAX_WEIGHT = 500
"""Of one pattern: about how large it gets when it is compiled (`weight`)."""
MAX_SEARCHED = 4096
"""Characters of a text that are looked at."""

_SLASHED = re.compile(r"/(.+)/([a-z]*)", re.DOTALL)
_COUNTED = re.compile(r"\{(\d{0,9})(?:,(\d{0,9}))?\}")
_CLASS = re.compile(r"\\[dDsSwWpP]|[.\[]")
_CLASS_WEIGHT = 10  # a class of Unicode is many times a letter
_FLAGS = {"i": "i", "m": "m", "s": "s"}
_IGNORED_FLAGS = "gudyv"  # of JavaScript: they say nothing about whether a text matches


class PatternRefusedError(ValueError):
    """The pattern cannot be used; the message says why."""


class Pattern:
    """One expression. Immutable."""

    def __init__(self, source: str, *, is_case_sensitive: bool) -> None:
        """Compile `source`, bare or as "/expression/flags". Raises PatternRefusedError."""
        body, flags = _parted(source, is_case_sensitive=is_case_sensitive)
        if weight(source) > MAX_WEIGHT:
            raise PatternRefusedError("it is too long or repeats too much")
        matcher = _compiled(f"(?{flags}:{body})" if flags else body)
        if isinstance(matcher, str):
            raise PatternRefusedError(matcher)
        self._matcher = matcher

    def is_in(self, text: str) -> bool:
        """Tell whether it matches anywhere in the first `MAX_SEARCHED` characters."""
        return self._matcher.isinstance_python(text[:MAX_SEARCHED])


def weight(source: str) -> int:
    """Return about how large a pattern gets: its characters and classes, with repetitions spelt out."""
    size = max(1, len(source) + (_CLASS_WEIGHT - 1) * len(_CLASS.findall(source)))
    for low, high in _COUNTED.findall(source):
        size *= max(1, int(low or 0), int(high or 0))
        if size > MAX_WEIGHT:
            break
    return size


def _parted(source: str, *, is_case_sensitive: bool) -> tuple[str, str]:
    slashed = _SLASHED.fullmatch(source)
    if slashed is None:
        return source, "" if is_case_sensitive else "i"
    body, written = slashed[1], slashed[2]
    unknown = next((flag for flag in written if flag not in _FLAGS and flag not in _IGNORED_FLAGS), None)
    if unknown:
        raise PatternRefusedError(f"it has an unknown flag {unknown!r}")
    return body, "".join(sorted({_FLAGS[flag] for flag in written if flag in _FLAGS}))


@functools.lru_cache(maxsize=256)
def _compiled(source: str) -> SchemaValidator | str:
    """Return the compiled pattern, or why there is none, which takes as long to find and is kept too."""
    try:
        return SchemaValidator(core_schema.str_schema(pattern=source, regex_engine="rust-regex"))
    except SchemaError as error:
        return _reason(str(error))


def _reason(refusal: str) -> str:
    """Return the last line of a refusal, which is its sentence; what stands before draws the place."""
    lines = [line.strip() for line in refusal.splitlines() if line.strip()]
    return lines[-1].removeprefix("SchemaError: ").removeprefix("error: ").rstrip(".")
