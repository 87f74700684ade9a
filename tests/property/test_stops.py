"""Stop strings over every way to cut a text into pieces."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from corral.engine.stops import StopMatcher
from corral.engine.text import TextStream

texts = st.text("abcé€", max_size=12)
stops = st.lists(st.text("abcé", min_size=1, max_size=4), max_size=3).map(tuple)


def cut(items, borders):
    at = [0, *sorted(b % (len(items) + 1) for b in borders), len(items)]
    return [items[a:b] for a, b in pairwise(at)]


def expected(text, wanted):
    found = [(text.find(stop) + len(stop), text.find(stop), stop) for stop in wanted if stop in text]
    if not found:
        return text, None
    _, at, stop = min(found)
    return text[:at], stop


def run(feed, flush, pieces):
    shown = ""
    for piece in pieces:
        text, stop = feed(piece)
        shown += text or ""
        if stop:
            return shown, stop
    rest, stop = flush()
    return shown + rest, stop


@given(texts, stops, st.lists(st.integers(0, 12), max_size=6))
def test_result_does_not_depend_on_how_the_text_was_cut(text, wanted, borders):
    matcher = StopMatcher(wanted)

    result = run(matcher.feed, lambda: (matcher.flush(), None), cut(text, borders))

    assert result == expected(text, wanted)


@given(texts, stops, st.lists(st.integers(0, 40), max_size=10))
def test_result_does_not_depend_on_how_the_bytes_were_cut(text, wanted, borders):
    stream = TextStream(wanted)

    result = run(stream.feed, stream.flush, cut(text.encode(), borders))

    assert result == expected(text, wanted)


@given(texts, stops, st.lists(st.integers(0, 12), max_size=6))
def test_what_was_shown_never_contains_the_beginning_of_the_stop_that_follows(text, wanted, borders):
    matcher, shown = StopMatcher(wanted), ""
    for piece in cut(text, borders):
        part, stop = matcher.feed(piece)
        shown += part
        assert not any(stop_string in shown for stop_string in wanted)
        if stop:
            break
