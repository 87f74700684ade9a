"""The rows of one decode: chunks of prompts, and a row for each decoding sequence."""

from __future__ import annotations

from collections.abc import Sequence as Items
from dataclasses import dataclass, field, replace

import numpy as np

from corral.engine.batch import Batch
from corral.engine.draft.draft import Draft
from corral.engine.media import Span
from corral.engine.radix import Tokens
from corral.engine.scoring import Path, Scoring
from corral.engine.sequence import Sequence


@dataclass(frozen=True, slots=True)
class Plan:
    """Chunks of prompts, and behind them the pending tokens of each decoding sequence.

    `chunks` pairs sequences with how many of their prompt tokens are in it; `outputs` pairs every row that is
    sampled from, in order, with its sequence. `n_taken` says how many pending tokens of each decoding
    sequence are in it: not all where forced tokens wait. `scored` names, in order, the output rows behind
    those: each sequence with the path that the row ends. With a `span` it is the one image of the one chunk.
    The `draft` is for the only sequence; its rows are behind that of `outputs`, and are outputs too.
    """

    decodes: list[Sequence]
    chunks: list[tuple[Sequence, int]]
    outputs: list[tuple[int, Sequence]] = field(default_factory=list)
    span: Span | None = None
    n_taken: Items[int] = ()
    scored: list[tuple[Scoring, Path]] = field(default_factory=list)
    draft: Draft | None = None

    @property
    def n_decode(self) -> int:
        """Rows of decoding sequences in it."""
        return sum(self.n_taken) + self.n_drafted

    @property
    def n_drafted(self) -> int:
        """Rows of them that were guessed ahead."""
        return 0 if self.draft is None else len(self.draft.tokens)

    @property
    def is_alone(self) -> bool:
        """Whether it is one token of one sequence, and what was drafted behind it."""
        return len(self.decodes) == 1 and self.n_taken[0] == 1 and not self.chunks

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
        n_drafted = self.n_drafted
        for sequence, n in zip(self.decodes, self.n_taken, strict=True):
            sequence.n_past += n
            del sequence.pending[:n]
            sequence.n_drafted += n_drafted
        for sequence, size in self.chunks:
            sequence.n_past += size
            if self.span is not None:
                sequence.position_offset += self.span.n_positions - self.span.n_tokens


def lay_out(
    batch: Batch,
    decodes: list[Sequence],
    n_taken: Items[int],
    *,
    prefills: Items[Sequence],
    sizes: Items[int],
) -> Plan:
    """Fill `batch` with `n_taken` tokens of each decoding sequence and `sizes` of the others' prompts."""
    chunks = [pair for pair in zip(prefills, sizes, strict=True) if pair[1]]
    plan = Plan(decodes, chunks, n_taken=n_taken)
    batch.clear()
    # Chunks first: llama.cpp begins a pass with the first row and adds what fits beside it; decode rows in
    # front would take one token of each chunk along and leave it an odd length.
    for sequence, size in plan.chunks:
        if sequence.scoring is None:
            _add_chunk(batch, plan, sequence, size)
    _add_decodes(batch, plan)
    for sequence, size in plan.chunks:
        if sequence.scoring is not None:
            _add_scored(batch, plan, sequence, size)
    return plan


def _add_decodes(batch: Batch, plan: Plan) -> None:
    decodes = plan.decodes
    if all(len(sequence.pending) == 1 for sequence in decodes):
        _add_singles(batch, plan)
    else:
        for sequence, n in zip(decodes, plan.n_taken, strict=True):
            tokens = np.array(sequence.pending[:n], np.int32)
            _add_span(batch, plan, sequence, tokens, is_output=n == len(sequence.pending))


def _add_singles(batch: Batch, plan: Plan) -> None:
    """Add the decoding sequences, a token each, all at once."""
    plan.outputs.extend(enumerate(plan.decodes, batch.n_rows))
    batch.add_decodes(
        [sequence.pending[0] for sequence in plan.decodes],
        [sequence.position for sequence in plan.decodes],
        [sequence.seq_id for sequence in plan.decodes],
    )


def with_draft(batch: Batch, plan: Plan, tokens: list[int]) -> Plan:
    """Return the plan with rows behind those of the only sequence, all of whose pending tokens are taken."""
    (sequence,) = plan.decodes
    first, n_rows = sequence.position + plan.n_taken[0], len(tokens)
    batch.add_decodes(tokens, list(range(first, first + n_rows)), [sequence.seq_id] * n_rows)
    return replace(plan, draft=Draft(tokens))


def _add_chunk(batch: Batch, plan: Plan, sequence: Sequence, size: int) -> None:
    is_last = size == sequence.n_prefill_left and not sequence.n_held_back
    is_output = is_last and sequence.request.max_tokens != 0
    tokens = sequence.prompt[sequence.n_past : sequence.n_past + size]
    _add_span(batch, plan, sequence, tokens, is_output=is_output)


def _add_scored(batch: Batch, plan: Plan, sequence: Sequence, size: int) -> None:
    """Add a chunk of a sequence that is scored; rows that tell something new are outputs."""
    scoring = sequence.scoring
    assert scoring is not None
    start, end = sequence.n_past, sequence.n_past + size
    batch.add_chunk(sequence.prompt[start:end], sequence.position, sequence.seq_id, is_last_output=False)
    for n in range(max(start + 1, scoring.n_base), end + 1):
        path = sequence.path(n)
        if scoring.is_missing(path):
            batch.is_output[batch.n_rows - end + n - 1] = 1
            plan.scored.append((scoring, path))


def _add_span(batch: Batch, plan: Plan, sequence: Sequence, tokens: Tokens, *, is_output: bool) -> None:
    row = batch.add_chunk(tokens, sequence.position, sequence.seq_id, is_last_output=is_output)
    if is_output:
        plan.outputs.append((row, sequence))
