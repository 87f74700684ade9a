import pytest

from corral.gateway.lifecycle import FINAL, LEGAL_MOVES, State, moved


def test_every_state_has_a_row():
    assert set(LEGAL_MOVES) == set(State)


def test_every_state_can_be_reached_from_unloaded():
    reached = {State.UNLOADED}
    frontier = [State.UNLOADED]
    while frontier:
        new = LEGAL_MOVES[frontier.pop()] - reached
        reached |= new
        frontier += new

    assert reached == set(State)


def test_only_stopped_and_failed_are_final():
    assert {State.STOPPED, State.FAILED} == FINAL


def test_a_legal_move_gives_the_next_state():
    assert moved(State.STARTING, State.READY) is State.READY


@pytest.mark.parametrize(
    ("before", "after"),
    [(State.READY, State.STARTING), (State.FAILED, State.STARTING), (State.CRASHED, State.STARTING)],
)
def test_an_illegal_move_is_a_fault_of_ours(before, after):
    with pytest.raises(AssertionError, match="no move"):
        moved(before, after)
