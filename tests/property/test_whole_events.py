"""A stream of events that is passed on: the same bytes, whatever pieces they come in."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from corral.api.proxy.whole_events import WholeEvents

LINES = st.lists(st.sampled_from([b"data: x", b"event: y", b"", b":"]), max_size=12)
ENDS = st.sampled_from([b"\n", b"\r\n", b"\r"])


@given(lines=LINES, end=ENDS, rest=st.binary(max_size=8), cuts=st.lists(st.integers(0, 99), max_size=6))
def test_bytes_stay_as_they_are_and_events_are_never_cut(lines, end, rest, cuts):
    whole = b"".join(line + end for line in lines) + rest
    at = sorted({0, *(cut for cut in cuts if cut < len(whole)), len(whole)})
    events = WholeEvents()

    pieces = [events.feed(whole[start:stop]) for start, stop in itertools.pairwise(at)]

    assert b"".join(pieces) + events.rest() == whole
    assert all(piece.endswith((b"\n\n", b"\n\r\n", b"\r\r")) for piece in pieces if piece)


@given(st.binary(max_size=200))
def test_all_whole_events_that_are_there_are_given_at_once(content):
    events = WholeEvents()

    events.feed(content)
    kept = events.rest()

    assert not any(end in kept for end in (b"\n\n", b"\n\r\n", b"\r\r"))
