"""The many forms of `input` and `content` -> pieces of text and token ids. Pure."""

from __future__ import annotations

from corral.api.generation.prompts import is_mixed, to_pieces
from corral.core.errors import InvalidRequestError
from corral.core.request import TextPiece

MAX_INPUTS = 8192

_NOT_AN_INPUT = '"input" must be a string, an array of token ids, or an array of such'


def to_inputs(value: object, n_vocab: int) -> list[list[TextPiece]]:
    """Return the inputs that `value` stands for, at least one.

    A string, an array with token ids (and maybe strings), {"prompt_string"} or {"content": [text parts]} is
    one input; any other array holds several such. Raises InvalidRequestError.
    """
    values = value if isinstance(value, list) and not _holds_ids(value) else [value]
    if not values:
        raise InvalidRequestError('"input" must not be empty')
    if len(values) > MAX_INPUTS:
        raise InvalidRequestError(f'"input" may hold at most {MAX_INPUTS} inputs')
    return [_one(item, n_vocab) for item in values]


def _holds_ids(value: list[object]) -> bool:
    return any(type(item) is int for item in value)


def _one(value: object, n_vocab: int) -> list[TextPiece]:
    match value:
        case str():
            return [value]
        case {"prompt_string": str(text)}:
            return [text]
        case {"content": list(parts)}:
            return ["".join(map(_text, parts))]
        case []:
            raise InvalidRequestError("Input content cannot be empty")
        case list() if is_mixed(value):
            return to_pieces(value, n_vocab)
    raise InvalidRequestError(_NOT_AN_INPUT)


def _text(part: object) -> str:
    match part:
        case {"type": "text", "text": str(text)}:
            return text
    raise InvalidRequestError('"content" of an input may hold parts of type "text" only')
