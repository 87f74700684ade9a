"""Events on their way to the gateway."""

from __future__ import annotations

import os

from corral.core.messages import Detokenized, to_events
from corral.engine.pipe import EventWriter
from corral.gateway.frames import FrameSplitter


def test_events_that_piled_up_go_out_together_but_never_in_a_frame_that_is_too_long():
    ours, theirs = os.pipe()
    writer = EventWriter(theirs, max_bytes=300)
    events = [Detokenized(str(n), b"x" * size) for n, size in enumerate([1, 1, 1, 200, 1, 400])]
    for event in events:
        writer.post([event])

    writer.close()
    writer.run()
    os.close(theirs)

    with os.fdopen(ours, "rb") as stream:
        frames = FrameSplitter().feed(stream.read())
    assert [event for frame in frames for event in to_events(frame)] == events
    assert all(len(frame) <= 300 for frame in frames[:-1])
    assert len(frames) == 4
