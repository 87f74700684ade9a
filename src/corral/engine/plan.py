"""The rows of one decode: chunks of prompts, and a row for each decoding sequence."""

from __future__ import annotations

from collections.abc import Sequence as Items
from dataclasses import dataclass, field

from corral.engine.batch import Batch
from corral.engine.sequence import Sequence


@dataclass(frozen=True, slots=True)
class Plan:
    """Chunks of prompts, and behind them a row for each decoding sequence.

    `chunks` pairs sequences with how many of their prompt tokens are in it; `firsts` pairs a row with the
    sequence that gets its first token from it.
    """

    decodes: list[Sequence]
    chunks: list[tuple[Sequence, int]]
    firsts: list[tuple[int, Sequence]] = field(default_factory=list)

    @property
    def n_prefill(self) -> int:
        """Prompt tokens in it."""
        return sum(size for _, size in self.chunks)

    @property
    def outputs(self) -> list[tuple[int, Sequence]]:
        """Every row that is sampled from, in order."""
        return [*self.firsts, *enumerate(self.decodes, self.n_prefill)]

    @property
    def prefilled(self) -> list[Sequence]:
        """The sequences whose prompt is in memory once this was decoded."""
        return [sequence for sequence, _ in self.chunks if not sequence.n_prefill_left]

    def advance(self) -> None:
        """Note in the sequences that the rows were decoded."""
        for sequence in self.decodes:
            sequence.n_past += 1
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
    batch.add_decodes(
        [sequence.next_token for sequence in decodes],
        [sequence.n_past for sequence in decodes],
        [sequence.seq_id for sequence in decodes],
    )
    return plan


def _add_chunk(batch: Batch, plan: Plan, sequence: Sequence, size: int) -> None:
    is_output = size == sequence.n_prefill_left and sequence.request.max_tokens != 0
    tokens = sequence.prompt[sequence.n_past : sequence.n_past + size]
    row = batch.add_chunk(tokens, sequence.n_past, sequence.seq_id, is_last_output=is_output)
    if is_output:
        plan.firsts.append((row, sequence))
