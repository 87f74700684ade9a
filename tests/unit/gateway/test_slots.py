import msgspec
import pytest

from corral.core.outcome import FinishReason
from corral.gateway.slots import Slots


@pytest.fixture
def slots(words):
    return Slots(words.facts)


def test_slots_are_idle_and_empty_at_first(slots):
    views = slots.views()

    assert [(view.id, view.n_ctx, view.is_processing, view.request) for view in views] == [
        (0, 128, False, None),
        (1, 128, False, None),
    ]


def test_a_start_makes_its_slot_busy(slots, words):
    slots.start(words.request(), words.start(slot=1))

    view = slots.views()[1]
    assert (view.is_processing, view.request.request_id, view.start.n_cached) == (True, "r", 1)
    assert slots.n_busy == 1


def test_outputs_count_their_tokens(slots, words):
    slots.start(words.request(), words.start())

    slots.output(words.output(tokens=(1, 2)))
    slots.output(words.output(tokens=()))
    slots.output(words.output(tokens=(3,)))

    assert slots.views()[0].n_decoded == 3


def test_the_end_frees_the_slot_and_keeps_what_ran_there(slots, words):
    slots.start(words.request(), words.start())

    slots.output(words.output(end=words.end(FinishReason.STOP)))

    view = slots.views()[0]
    assert not view.is_processing
    assert view.end.reason is FinishReason.STOP
    assert view.request.request_id == "r"
    assert slots.n_busy == 0


def test_sequences_of_one_request_have_slots_of_their_own(slots, words):
    slots.start(words.request(), words.start(slot=0, index=0))
    slots.start(words.request(), words.start(slot=1, index=1))

    slots.output(words.output(index=1, end=words.end()))

    assert [view.is_processing for view in slots.views()] == [True, False]


def test_release_frees_all_slots_of_a_request_that_broke_off(slots, words):
    slots.start(words.request("a"), words.start("a", slot=0))
    slots.start(words.request("b"), words.start("b", slot=1))

    slots.release("a")

    assert [view.is_processing for view in slots.views()] == [False, True]


def test_a_new_start_forgets_the_end_before(slots, words):
    slots.start(words.request("a"), words.start("a"))
    slots.output(words.output("a", end=words.end()))

    slots.start(words.request("b"), words.start("b"))

    assert slots.views()[0].end is None
    assert slots.views()[0].n_decoded == 0


def test_an_end_without_a_start_changes_nothing(slots, words):
    slots.output(words.output("never started", end=words.end(FinishReason.CANCELLED)))

    assert slots.n_busy == 0


def test_a_slot_that_was_never_used_holds_nothing(slots):
    assert slots.views()[0].n_tokens is None


def test_a_slot_holds_its_prompt_while_it_runs_and_then_all_that_came(slots, words):
    slots.start(words.request(), words.start())
    running = slots.views()[0]

    slots.output(words.output(tokens=(1, 2), end=words.end()))

    ended = slots.views()[0]
    assert running.n_tokens == running.start.n_prompt_tokens
    assert ended.n_tokens == ended.end.n_past


def test_files_and_erasing_change_what_a_slot_holds(slots, words):
    slots.start(words.request(), words.start())
    slots.output(words.output(end=words.end()))

    slots.fill(0, 9)
    filled = slots.views()[0].n_tokens
    slots.fill(0, 0)

    assert (filled, slots.views()[0].n_tokens) == (9, 0)


def test_a_slot_that_was_only_filled_and_erased_is_as_one_never_used(slots):
    slots.fill(1, 9)
    slots.fill(1, 0)

    assert slots.views()[1].n_tokens is None


def test_a_sequence_takes_the_place_of_what_a_file_filled_in(slots, words):
    slots.fill(0, 9)

    slots.start(words.request(), words.start())
    slots.fill(0, 5)

    assert slots.views()[0].n_tokens == slots.views()[0].start.n_prompt_tokens


def test_starts_are_numbered(slots, words):
    slots.start(words.request("a"), words.start("a", slot=0))
    slots.start(words.request("b"), words.start("b", slot=1))

    assert [view.task for view in slots.views()] == [0, 1]


@pytest.mark.parametrize("is_broken_off", [False, True])
def test_the_slot_of_a_companion_is_busy_with_its_sequence(slots, words, is_broken_off):
    slots.start(words.request(), msgspec.structs.replace(words.start(), companion_slot=1))
    busy, n_busy = [view.is_processing for view in slots.views()], slots.n_busy

    if is_broken_off:
        slots.release("r")
    else:
        slots.output(words.output(end=words.end()))

    assert (busy, n_busy) == ([True, True], 1)
    assert [view.is_processing for view in slots.views()] == [False, False]
    assert slots.views()[1].request is None
