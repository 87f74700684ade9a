"""POST /tokenize and /detokenize."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from corral.api import body
from corral.api.generation.prompts import to_pieces
from corral.api.llamacpp.types import DetokenizeBody, TokenizeBody
from corral.api.replies import json_reply
from corral.api.serving import Serving
from corral.api.threads import in_thread
from corral.core.errors import InvalidRequestError
from corral.core.messages import Tokenized
from corral.core.request import TextPiece

TOKENS_AT_ONCE = 4096  # more are written as JSON on a thread

_encode = msgspec.json.Encoder().encode


async def tokenize(request: Request, serving: Serving) -> Response:
    """Return the token ids of the content, with their pieces if wanted."""
    wanted = await body.read(request, TokenizeBody)
    pieces = _pieces(wanted.content, serving)
    if not pieces:
        return json_reply({"tokens": []})
    tokenized = await serving.door.tokenize(
        pieces, add_special=bool(wanted.add_special), parse_special=wanted.parse_special is not False
    )
    if not wanted.with_pieces:
        return json_reply({"tokens": tokenized.tokens})
    is_long = len(tokenized.tokens) > TOKENS_AT_ONCE
    return json_reply(await in_thread(lambda: _shown(tokenized)) if is_long else _shown(tokenized))


async def detokenize(request: Request, serving: Serving) -> Response:
    """Return the text of token ids, special tokens included."""
    wanted = await body.read(request, DetokenizeBody)
    tokens = wanted.tokens or []
    n_vocab = serving.door.facts().n_vocab
    if not all(0 <= token < n_vocab for token in tokens):
        raise InvalidRequestError("Field 'tokens': holds ids outside the vocabulary")
    content = await serving.door.detokenize(tokens) if tokens else b""
    return json_reply({"content": content.decode("utf-8", "replace")})


def _pieces(content: str | list[int | str] | None, serving: Serving) -> list[TextPiece]:
    if not content:
        return []
    if isinstance(content, str):
        return [content]
    return to_pieces(content, serving.door.facts().n_vocab)


def _shown(tokenized: Tokenized) -> dict[str, msgspec.Raw]:
    """Return the tokens with their pieces, each written alone: one long call would stop all threads."""
    pairs = zip(tokenized.tokens, tokenized.pieces, strict=True)
    items = [_encode({"id": token, "piece": _text_or_bytes(piece)}) for token, piece in pairs]
    return {"tokens": msgspec.Raw(b"[%b]" % b",".join(items))}


def _text_or_bytes(piece: bytes) -> str | list[int]:
    """Return a piece as text, or as numbers when it is no valid UTF-8 by itself."""
    try:
        return piece.decode()
    except UnicodeDecodeError:
        return list(piece)
