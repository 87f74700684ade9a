"""The content of a message: a string, or a list of parts of which only text is understood."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from corral.core.errors import InvalidRequestError

Part = Mapping[str, object]


def to_text(content: str | Sequence[Part] | None, where: str, *, separator: str = "\n") -> str:
    """Return the text of `content`; `separator` stands between text parts, None is no text.

    `where` names the message in errors, e.g. "messages[2]". Raises InvalidRequestError for other parts.
    """
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    return separator.join(_part_text(part, f"{where}.content[{i}]") for i, part in enumerate(content))


def _part_text(part: Part, where: str) -> str:
    kind = part.get("type")
    if kind != "text":
        raise InvalidRequestError(f"Field '{where}': part type {kind!r} is not supported, only 'text' is")
    text = part.get("text")
    if not isinstance(text, str):
        raise InvalidRequestError(f"Field '{where}.text': expected a string")
    return text
