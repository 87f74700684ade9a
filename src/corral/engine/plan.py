"""The rows of one decode: chunks of prompts, and a row for each decoding sequence."""

from __future__ import annotations

from collections.abc import Sequence as Items
from dataclasses import dataclass, field

import numpy as np

from corral.engine.batch import Batch
from corral.engine.radix import Tokens
from corral.engine.sequence import Sequence


@dataclass(frozen=True, slots=True)
class Plan:
    """Chunks of prompts, and behind them the pending tokens of each decoding sequence.

    `chunks` pairs sequences with how many of their prompt tokens are in it; `outputs` pairs every row that is
    sampled from, in order, with its sequence.
    """

    decodes: list[Sequence]
    chunks: list[tuple[Sequence, int]]
    outputs: list[tuple[int, Sequence]] = field(default_factory=list)

    @property
    def n_prefill(self) -> int:
        """Prompt tokens in it."""
        return sum(size for _, size in self.chunks)

    @property
    def prefilled(self) -> list[Sequence]:
        """The sequences whose prompt is in memory once this was decoded."""
        return [sequence for sequence, _ in self.chunks if not sequence.n_prefill_left]

    def advance(self) -> None:
        """Note in the sequences that the rows were decoded."""
        for sequence in self.decodes:
            sequence.n_past += len(sequence.pending)
        for sequence, size in self.chunks:
            sequence.n_past += size


def lay_out(batch: Batch, decodes: list[Sequence], prefills: Items[Sequence], sizes: Items[int]) -> Plan:
    """Fill `batch` with the decoding sequences and the next `sizes` tokens of the others' prompts."""
    plan = Plan(decodes, [pair for pair in zip(prefills, sizes, strict=True) if pair[1]])
    batch.clear()
    # Chunks first: llama.cpp begins a pass with the first row and adds what fits beside it; decode rows in
    # front would take one token of each chunk along and leave it an odd length.
    for sequence, size in plan.chunks:
        _add_chunk(batch, plan, sequence, size)
    singles = []
    for sequence in decodes:
        if len(sequence.pending) == 1:
            singles.append(sequence)
        else:
            tokens = np.array(sequence.pending, np.int32)
            _add_span(batch, plan, sequence, tokens, is_output=True)
    plan.outputs.extend(enumerate(singles, batch.n_rows))
    batch.add_decodes(
        [sequence.pending[0] for sequence in singles],
        [sequence.position for sequence in singles],
        [sequence.seq_id for sequence in singles],
    )
    return plan


def _add_chunk(batch: Batch, plan: Plan, sequence: Sequence, size: int) -> None:
    is_output = size == sequence.n_prefill_left and sequence.request.max_tokens != 0
    tokens = sequence.prompt[sequence.n_past : sequence.n_past + size]
    _add_span(batch, plan, sequence, tokens, is_output=is_output)


def _add_span(batch: Batch, plan: Plan, sequence: Sequence, tokens: Tokens, *, is_output: bool) -> None:
    row = batch.add_chunk(tokens, sequence.position, sequence.seq_id, is_last_output=is_output)
    if is_output:
        plan.outputs.append((row, sequence))
