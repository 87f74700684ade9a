"""A prompt for filling in the middle: what stands before and after the gap, and context from other files.

The layout of llama-server (`format_prompt_infill`, server-common.cpp), which follows Qwen2.5-Coder
(arXiv 2409.12186): context, BOS, FIM_PRE prefix FIM_SUF suffix FIM_MID.
"""

from __future__ import annotations

import asyncio

import msgspec

from corral.api.ports import DoorPort
from corral.core.messages import InfillTokens, ModelFacts
from corral.core.request import TextPiece

_REPOSITORY = "myproject\n"  # the names that llama-server gives what it is not told
_THIS_FILE = "filename\n"
_SNIPPET = "\n\n--- snippet ---\n\n"


class Chunk(msgspec.Struct, frozen=True):
    """Context from another file."""

    text: str
    filename: str = "tmp"


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """A place to fill: `prefix` and what was `typed` since stand before it, `suffix` behind it."""

    prefix: str = ""
    typed: str = ""
    suffix: str = ""
    extra: tuple[Chunk, ...] = ()


class Room(msgspec.Struct, frozen=True):
    """How many tokens each part may have. The prefix keeps its end, the suffix its beginning."""

    prefix: int
    suffix: int
    extra: int


def missing(tokens: InfillTokens) -> str:
    """Return llama-server's sentences on the tokens that the model lacks, empty if it can fill in."""
    needed = {"prefix": tokens.prefix, "suffix": tokens.suffix, "middle": tokens.middle}
    return "".join(f"{name} token is missing. " for name, token in needed.items() if token is None)


async def infill_ids(
    door: DoorPort, facts: ModelFacts, gap: Gap, *, n_predict: int, is_suffix_first: bool
) -> list[int]:
    """Return the prompt that has the model fill `gap` with `n_predict` tokens (-1: no limit).

    Only what was typed may hold special tokens: files are text, whatever stands in them.
    """
    bos, prefix, typed, suffix, extra = await asyncio.gather(
        _bos(door, facts),
        _plain(door, [gap.prefix]),
        door.tokenize([gap.typed], add_special=False, parse_special=True),
        _plain(door, [gap.suffix]),
        _plain(door, _context(gap.extra, facts.infill)),
    )
    room = _room(facts, len(typed.tokens), n_predict)
    before = [_id(facts.infill.prefix), *prefix[max(0, len(prefix) - room.prefix) :], *typed.tokens]
    behind = [_id(facts.infill.suffix), *suffix[: room.suffix]]
    sides = [*behind, *before] if is_suffix_first else [*before, *behind]
    return [*extra[max(0, len(extra) - room.extra) :], *bos, *sides, _id(facts.infill.middle)]


def _room(facts: ModelFacts, n_typed: int, n_predict: int) -> Room:
    """Return what fits into a batch, prefix to suffix as 3 to 1, and the context that is left beside it."""
    n_batch = min(facts.n_batch, facts.n_ctx)
    return Room(
        prefix=3 * (n_batch // 4),
        suffix=max(0, n_batch // 4 - (2 + n_typed)),
        extra=max(0, facts.n_ctx - n_batch - 2 * max(0, n_predict)),
    )


def _context(chunks: tuple[Chunk, ...], tokens: InfillTokens) -> list[TextPiece]:
    """Return the pieces of other files, each behind its name where the model has a token for that."""
    pieces: list[TextPiece] = [] if tokens.repository is None else [[tokens.repository], _REPOSITORY]
    for chunk in chunks:
        head = [_SNIPPET] if tokens.separator is None else [[tokens.separator], f"{chunk.filename}\n"]
        pieces += [*head, chunk.text]
    if tokens.separator is not None:
        pieces += [[tokens.separator], _THIS_FILE]
    return pieces


async def _bos(door: DoorPort, facts: ModelFacts) -> list[int]:
    if not facts.is_bos_added or facts.system_prompt:  # a system prompt begins with it
        return []
    return (await door.tokenize([""], add_special=True, parse_special=False)).tokens[:1]


async def _plain(door: DoorPort, pieces: list[TextPiece]) -> list[int]:
    if not any(pieces):
        return []
    return (await door.tokenize(pieces, add_special=False, parse_special=False)).tokens


def _id(token: int | None) -> int:
    assert token is not None, "the model was asked to fill in without the tokens for it"
    return token
