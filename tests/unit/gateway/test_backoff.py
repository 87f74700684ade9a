from corral.gateway.backoff import (
    FIRST_DELAY_S,
    HEALTHY_AFTER_S,
    LONGEST_DELAY_S,
    crashes_in_a_row,
    delay_s,
)


def test_the_pause_doubles_with_every_crash_in_a_row():
    assert [delay_s(n) / FIRST_DELAY_S for n in (1, 2, 3, 4)] == [1, 2, 4, 8]


def test_the_pause_is_bounded_however_often_it_crashes():
    assert delay_s(1_000_000) == LONGEST_DELAY_S


def test_a_crash_soon_after_the_last_one_continues_the_row():
    assert crashes_in_a_row(3, ready_for_s=HEALTHY_AFTER_S - 1) == 4


def test_a_crash_after_long_health_is_the_first_of_a_row():
    assert crashes_in_a_row(3, ready_for_s=HEALTHY_AFTER_S) == 1
