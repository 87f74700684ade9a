import pytest

from corral.cli.words import count, duration, plain, size


@pytest.mark.parametrize(
    ("n_bytes", "text"),
    [(0, ""), (512, "512 B"), (1536, "1.5 KiB"), (7 * 2**30, "7.0 GiB"), (5000 * 2**40, "5000.0 TiB")],
)
def test_an_amount_is_told_in_the_unit_that_suits_it(n_bytes, text):
    assert size(n_bytes) == text


@pytest.mark.parametrize(
    ("number", "text"), [(0, ""), (12, "12"), (3_967_744, "4.0 M"), (7 * 10**9, "7.0 B")]
)
def test_a_large_number_is_rounded(number, text):
    assert count(number) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(-1, "0 s"), (40.4, "40 s"), (125, "2 min 5 s"), (3900, "1 h 5 min")]
)
def test_a_time_is_told_as_people_do(seconds, text):
    assert duration(seconds) == text


def test_what_could_move_the_cursor_is_taken_out():
    assert plain("a\x1b[2Jb\r\x07\x9bc\n\td") == "a\ufffd[2Jb\ufffd\ufffd\ufffdc\n\td"
