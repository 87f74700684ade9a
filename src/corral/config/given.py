"""One option as one source gave it, and how its text is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from corral.config.kinds import Value
from corral.config.option import Option

ReadFile: TypeAlias = Callable[[str], str]
"""Returns the text of the file at a path. Raises `OSError` or `UnicodeDecodeError`."""


@dataclass(frozen=True)
class Given:
    """`source` is the flag, variable or key as it was written; `remark` what the user should know.

    `path` names the file whose text was read, None where the value stood by itself.
    """

    option: Option
    source: str
    value: Value
    remark: str | None = None
    path: str | None = None


def give(option: Option, source: str, text: str, read_file: ReadFile) -> Given:
    """Return `option` with the value that `text` means.

    Raises:
        ValueError: with the reason; the caller says where the text stood.
    """
    value = option.kind.read(_contents(text, read_file) if option.is_file else text)
    reason = option.check(value) if option.check else None
    if reason:
        raise ValueError(reason)
    remark = option.remark(text) if option.remark else None
    return Given(
        option, source, value, remark and f"{source}: {remark}", path=text if option.is_file else None
    )


def _contents(path: str, read_file: ReadFile) -> str:
    try:
        return read_file(path)
    except UnicodeDecodeError as error:
        raise ValueError(f"error: file '{path}' is not UTF-8 text") from error
    except (OSError, ValueError) as error:  # ValueError: a path that no file can have
        raise ValueError(f"error: failed to open file '{path}'") from error
