"""Guided sequences and their companions: two sequences that take the same tokens in the same steps.

A companion starts from the negative prompt and goes on with the tokens that its sequence was given. Where
both are sampled from, their logits must come from one decode. So the last token of either prompt is not
prefilled: it is held back until the other prompt is done too, and decoded beside the other's. From there on
both always have equally many tokens pending.
"""

from __future__ import annotations

from collections.abc import Sequence as Items
from dataclasses import replace

from corral.engine.intake import Prepared
from corral.engine.ports import Steered
from corral.engine.radix import Tokens
from corral.engine.sequence import Sequence, Stage


def pair_up(sequences: Items[Sequence], prepared: Prepared, negative: Tokens) -> None:
    """Give each sequence of a request its companion; that of the first prefills `negative` for all."""
    other = replace(prepared, prompt=negative, n_system=0, grammar=None, is_truncated=False)
    leader: Sequence | None = None
    for sequence in sequences:
        companion = Sequence(other, sequence.index, sequence.seed, leader)
        companion.generated = sequence.generated  # one list: they cannot differ
        companion.companion_of, sequence.companion = sequence, companion
        companion.n_held_back = sequence.n_held_back = 1
        leader = leader or companion


def beginning(sequence: Sequence) -> tuple[Sequence, ...]:
    """Return who goes on to decode now that `sequence` is prefilled: none of a pair before both are.

    Modifies a pair: what was held back of the prompts is pending.
    """
    other = sequence.companion or sequence.companion_of
    if other is None:
        return (sequence,)
    pair = (sequence, other)
    if any(each.stage is not Stage.PREFILL or each.n_prefill_left for each in pair):
        return ()
    for each in pair:
        each.pending = [int(each.prompt[-1])]
    return pair


def begin(sequence: Sequence, now_s: float) -> None:
    """Let a sequence decode; one of a pair as soon as both can."""
    for each in beginning(sequence):
        each.move(Stage.DECODE)
        each.first_token_s = now_s


def in_step(decodes: Items[Sequence], n_rows: list[int]) -> list[int]:
    """Return `n_rows` of the decoding sequences, with the fewer of a pair's for both."""
    if not any(sequence.companion for sequence in decodes):
        return n_rows
    place = {sequence: i for i, sequence in enumerate(decodes)}
    shared = list(n_rows)
    for sequence, i in place.items():
        if sequence.companion is not None:
            j = place[sequence.companion]
            shared[i] = shared[j] = min(n_rows[i], n_rows[j])
    return shared


def steering(outputs: Items[tuple[int, Sequence]]) -> tuple[list[tuple[int, Sequence]], list[Steered]]:
    """Return the output rows that are sampled from, and which of all are steered by which."""
    place = {sequence: i for i, (_, sequence) in enumerate(outputs)}
    sampled = [output for output in outputs if output[1].companion_of is None]
    steered = [
        Steered(place[sequence], place[sequence.companion], _scale(sequence))
        for _, sequence in sampled
        if sequence.companion is not None
    ]
    return sampled, steered


def keep_up(companion: Sequence) -> None:
    """Give a companion the tokens that its sequence has pending."""
    sequence = companion.companion_of
    assert sequence is not None
    if sequence.generated:  # before, each has the end of its own prompt
        companion.pending = list(sequence.pending)


def _scale(sequence: Sequence) -> float:
    assert sequence.request.guidance is not None
    return sequence.request.guidance.scale
