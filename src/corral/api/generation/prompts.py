"""The many forms of `prompt` on the wire -> pieces of text and token ids. Pure."""

from __future__ import annotations

from typing import TypeGuard

import msgspec

from corral.core.errors import InvalidRequestError
from corral.core.request import Piece, TextPiece

MAX_PROMPTS = 2048

_NOT_A_PROMPT = '"prompt" must be a string, an array of token ids or an array of prompts'
_NOT_PROMPTS = '"prompt" must be a string, an array of strings or an array of integers'


class WirePrompt(msgspec.Struct, frozen=True):
    """One prompt: as the client wrote it, and as the engine takes it."""

    supplied: object
    pieces: list[Piece]


def to_prompts(value: object, n_vocab: int) -> list[WirePrompt]:
    """Return the prompts that `value` stands for, at least one.

    A string, an array with token ids (and maybe strings), or {"prompt_string"} is one prompt; any other
    array holds several such. Raises InvalidRequestError.
    """
    if isinstance(value, list) and not _is_pieces(value):
        return _several(value, n_vocab)
    pieces = _pieces(value, n_vocab)
    if pieces is None or value == []:
        raise InvalidRequestError(_NOT_A_PROMPT)
    return [WirePrompt(value, pieces)]


def to_pieces(value: list[int | str], n_vocab: int) -> list[TextPiece]:
    """Return neighbouring ids joined into lists. Raises InvalidRequestError for unknown ids."""
    pieces: list[TextPiece] = []
    for item in value:
        if isinstance(item, str):
            pieces.append(item)
        elif not 0 <= item < n_vocab:
            raise InvalidRequestError("Prompt contains invalid tokens")
        elif pieces and isinstance(pieces[-1], list):
            pieces[-1].append(item)
        else:
            pieces.append([item])
    return pieces


def _several(values: list[object], n_vocab: int) -> list[WirePrompt]:
    if not values:
        raise InvalidRequestError(_NOT_A_PROMPT)
    if len(values) > MAX_PROMPTS:
        raise InvalidRequestError(f'"prompt" may hold at most {MAX_PROMPTS} prompts')
    return [_one_of_several(value, n_vocab) for value in values]


def _one_of_several(value: object, n_vocab: int) -> WirePrompt:
    pieces = _pieces(value, n_vocab)
    if pieces is None:
        raise InvalidRequestError(_NOT_PROMPTS)
    return WirePrompt(value, pieces)


def _pieces(value: object, n_vocab: int) -> list[Piece] | None:
    """Return one prompt's pieces, None if `value` is no prompt."""
    match value:
        case str():
            return [value]
        case {"prompt_string": str(text)}:
            return [text]
        case list() if is_mixed(value):
            return [*to_pieces(value, n_vocab)]
    return None


def _is_pieces(value: list[object]) -> bool:
    """Tell whether an array is one prompt: made of ids and strings, with an id among them."""
    return is_mixed(value) and any(not isinstance(item, str) for item in value)


def is_mixed(value: list[object]) -> TypeGuard[list[int | str]]:
    """Tell whether an array holds nothing but token ids and strings; JSON's true is no id."""
    return all(type(item) is int or type(item) is str for item in value)
