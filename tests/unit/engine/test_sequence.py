"""What a sequence knows of its own context."""

from __future__ import annotations

from corral.engine.sequence import Sequence
from corral.engine.window import Cut


def test_the_resident_tokens_follow_the_answer_as_it_grows(bench):
    sequence = Sequence(bench.prepare(prompt=["ab"]), 0, 0)

    seen = []
    for token in b"cdef":
        sequence.n_past += 1
        seen.append(bytes(sequence.resident().tolist()))
        sequence.generated.append(token)

    assert seen == [b"a", b"ab", b"abc", b"abcd"]


def test_what_was_told_of_resident_tokens_stays_as_it_was(bench):
    sequence = Sequence(bench.prepare(prompt=["ab"]), 0, 0)
    sequence.generated += b"cd"
    sequence.n_past = 3
    before = sequence.resident()

    sequence.generated += b"ef"
    sequence.n_past = 5
    after = sequence.resident()

    assert (before.tolist(), after.tolist()) == (list(b"abc"), list(b"abcde"))


def test_only_what_no_shift_moved_is_resident(bench):
    sequence = Sequence(bench.prepare(prompt=["ab"]), 0, 0)
    sequence.generated += b"cdef"
    sequence.n_past = 6

    sequence.shifted(Cut(n_keep=3, n_discard=2))

    assert sequence.resident().tolist() == list(b"abc")
