"""What takes long is done elsewhere, and nothing overtakes it."""

import threading

from corral.core.messages import Detokenize, Submit, Tokenize
from corral.core.request import GenerationRequest, Media
from corral.core.structure import Structure, StructureKind
from corral.engine.slow_lane import SlowLane, is_slow


def submit(**fields):
    return Submit(GenerationRequest(**{"request_id": "a", "prompt": ["x"], **fields}))


def test_grammars_and_images_are_slow_and_text_is_not():
    assert is_slow(submit(structure=Structure(StructureKind.REGEX, "a")))
    assert is_slow(submit(prompt=["x", Media(b"")]))
    assert not is_slow(submit())


def test_much_text_is_slow_wherever_it_comes_from():
    assert is_slow(submit(prompt=["a" * 60_000, [1] * 60_000]))
    assert is_slow(Tokenize("r", ["a" * 200_000], add_special=False, parse_special=False))
    assert is_slow(Detokenize("r", [1] * 200_000))
    assert not is_slow(Tokenize("r", ["a" * 1000], add_special=False, parse_special=False))
    assert not is_slow(Detokenize("r", [1]))


def test_cancellation_waits_behind_its_request_and_others_do_not_wait():
    lane, gate, done, log = SlowLane(), threading.Event(), threading.Event(), []

    def compile_for_long():
        gate.wait()
        log.append("a is handed on")

    lane.put("a", compile_for_long)
    lane.behind("a", lambda: log.append("a is cancelled"))
    lane.behind("b", lambda: log.append("b is cancelled"))
    lane.behind_all(done.set)
    gate.set()
    done.wait()

    assert log == ["b is cancelled", "a is handed on", "a is cancelled"]


def test_nothing_waits_where_nothing_is():
    lane, log = SlowLane(), []

    lane.behind_all(lambda: log.append("drained"))

    assert log == ["drained"]


def test_request_that_raises_makes_room_all_the_same():
    lane, done, log = SlowLane(), threading.Event(), []

    lane.put("a", lambda: 1 // 0)
    lane.put("b", done.set)
    done.wait()
    lane.behind("a", lambda: log.append("now"))

    assert log == ["now"]
