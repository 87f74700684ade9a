"""What takes long is done elsewhere, and nothing overtakes it."""

import threading

from corral.core.messages import Detokenize, EraseSlot, SetLoras, SetSystemPrompt, Submit, Tokenize
from corral.core.request import GenerationRequest, Media
from corral.core.sampling import SamplingParams
from corral.core.structure import Structure, StructureKind
from corral.engine.slow_lane import SlowLane, is_slow


def submit(**fields):
    return Submit(GenerationRequest(**{"request_id": "a", "prompt": ["x"], **fields}))


def begun_too_late():
    raise AssertionError("this should not have been done")


def test_grammars_and_images_are_slow_and_text_is_not():
    assert is_slow(submit(structure=Structure(StructureKind.REGEX, "a")))
    assert is_slow(submit(prompt=["x", Media(b"")]))
    assert not is_slow(submit())


def test_much_text_is_slow_wherever_it_comes_from():
    assert is_slow(submit(prompt=["a" * 60_000, [1] * 60_000]))
    assert is_slow(submit(sampling=SamplingParams(logit_bias=tuple((f"{n}", 1.0) for n in range(9000)))))
    assert is_slow(Tokenize("r", ["a" * 200_000], add_special=False, parse_special=False))
    assert is_slow(Detokenize("r", [1] * 200_000))
    assert not is_slow(Tokenize("r", ["a" * 1000], add_special=False, parse_special=False))
    assert not is_slow(Detokenize("r", [1]))


def test_what_stands_for_all_is_changed_on_one_thread():
    assert is_slow(SetLoras("r", []))
    assert is_slow(SetSystemPrompt("r", "x"))
    assert not is_slow(EraseSlot("r", 0))


def test_cancellation_waits_behind_its_request_and_others_do_not_wait():
    lane, log = SlowLane(), []
    begun, gate, done = threading.Event(), threading.Event(), threading.Event()

    def compile_for_long():
        begun.set()
        gate.wait()
        log.append("a is handed on")

    lane.put("a", compile_for_long, begun_too_late)
    begun.wait()
    lane.cancel("a", lambda: log.append("a is cancelled"))
    lane.cancel("b", lambda: log.append("b is cancelled"))
    lane.behind_all(done.set)
    gate.set()
    done.wait()

    assert log == ["b is cancelled", "a is handed on", "a is cancelled"]


def test_request_that_is_cancelled_before_its_turn_is_dropped():
    lane, gate, done, log = SlowLane(), threading.Event(), threading.Event(), []

    lane.put("a", gate.wait, begun_too_late)
    lane.put("b", begun_too_late, lambda: log.append("b is dropped"))
    lane.cancel("b", lambda: log.append("b is cancelled"))
    lane.put("c", lambda: log.append("c is handed on"), begun_too_late)
    lane.behind_all(done.set)
    gate.set()
    done.wait()

    assert log == ["b is dropped", "b is cancelled", "c is handed on"]


def test_nothing_waits_where_nothing_is():
    lane, log = SlowLane(), []

    lane.behind_all(lambda: log.append("drained"))

    assert log == ["drained"]


def test_request_that_raises_makes_room_all_the_same():
    lane, done, log = SlowLane(), threading.Event(), []

    lane.put("a", lambda: 1 // 0, begun_too_late)
    lane.put("b", done.set, begun_too_late)
    done.wait()
    lane.cancel("a", lambda: log.append("now"))

    assert log == ["now"]
