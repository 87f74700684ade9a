"""Documents as batches: rows of like length beside each other, nothing cut in two."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from random import Random
from typing import TYPE_CHECKING

import torch

from training.corpus.mixture import documents
from training.tokenizer import encode_weighted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokenizers import Tokenizer
    from torch import Tensor

    from training.corpus.documents import Document

_N_SORTED = 4000

Row = tuple[list[int], list[float]]


@dataclass(frozen=True)
class Batch:
    """Inputs, the ids that follow them and their loss weights: each (rows, length)."""

    inputs: Tensor
    targets: Tensor
    weights: Tensor


def batches(tokenizer: Tokenizer, seed: int, n_tokens: int, n_context: int) -> Iterator[Batch]:
    """Yield batches of at most `n_tokens` positions, padding included, without end."""
    rng = Random(seed)
    stream = documents(seed)
    while True:
        rows = _rows(tokenizer, islice(stream, _N_SORTED), n_context)
        groups = _groups(rows, n_tokens)
        rng.shuffle(groups)
        yield from map(_batch, groups)


def _rows(tokenizer: Tokenizer, some: Iterator[Document], n_context: int) -> list[Row]:
    rows = (encode_weighted(tokenizer, one) for one in some)
    cut = [(ids[: n_context + 1], weights[: n_context + 1]) for ids, weights in rows]
    return sorted(cut, key=lambda row: len(row[0]))


def _groups(rows: list[Row], n_tokens: int) -> list[list[Row]]:
    groups: list[list[Row]] = [[]]
    for row in rows:
        if (len(groups[-1]) + 1) * len(row[0]) > n_tokens:
            groups.append([])
        groups[-1].append(row)
    return [group for group in groups if group]


def _batch(rows: list[Row]) -> Batch:
    length = max(len(ids) for ids, _ in rows)
    token_ids = torch.zeros(len(rows), length, dtype=torch.long)
    weights = torch.zeros(len(rows), length)
    for place, (ids, row_weights) in enumerate(rows):
        token_ids[place, : len(ids)] = torch.tensor(ids)
        weights[place, : len(ids)] = torch.tensor(row_weights)
    return Batch(token_ids[:, :-1], token_ids[:, 1:], weights[:, 1:])
