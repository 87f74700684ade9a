import pytest

from corral.core.messages import Finished, Heartbeat, to_events, to_frame
from corral.gateway.frames import FrameSplitter, ProtocolError

FRAMES = to_frame([Finished("a"), Heartbeat(0.5, 7)]) + to_frame([Finished("b")])


@pytest.mark.parametrize("cut", range(len(FRAMES) + 1))
def test_frames_are_found_wherever_the_bytes_are_cut(cut):
    splitter = FrameSplitter()

    bodies = splitter.feed(FRAMES[:cut]) + splitter.feed(FRAMES[cut:])

    events = [event for body in bodies for event in to_events(body)]
    assert events == [Finished("a"), Heartbeat(0.5, 7), Finished("b")]


def test_frames_are_found_byte_by_byte():
    splitter = FrameSplitter()

    bodies = [body for byte in FRAMES for body in splitter.feed(bytes([byte]))]

    assert [len(to_events(body)) for body in bodies] == [2, 1]


def test_a_frame_over_the_bound_is_refused_before_it_is_collected():
    splitter = FrameSplitter(max_bytes=100)

    with pytest.raises(ProtocolError, match="101 bytes"):
        splitter.feed((101).to_bytes(4, "little"))
