from __future__ import annotations

import pytest

from corral.bench.canvas import Canvas, ticks


@pytest.mark.parametrize(
    ("high", "expected"),
    [
        (1.0, [0, 0.5, 1.0]),
        (100.0, [0, 50, 100]),
        (85.0, [0, 50]),
        (0.007, [0, 0.002, 0.004, 0.006]),
        (3764.0, [0, 1000, 2000, 3000]),
    ],
)
def test_ticks_are_round_numbers_from_zero(high: float, expected: list[float]) -> None:
    assert ticks(high) == pytest.approx(expected)


def test_marks_stand_at_their_place() -> None:
    canvas = Canvas("a", x_max=10, y_max=10)
    canvas.dot(0, 0, colour="#000", title="low")
    canvas.dot(10, 10, colour="#000", title="high")

    low, high = canvas.element.iter("circle")

    assert float(low.attrib["cx"]) < float(high.attrib["cx"])
    assert float(low.attrib["cy"]) > float(high.attrib["cy"])


def test_a_figure_of_nothing_but_zeros_can_be_drawn() -> None:
    canvas = Canvas("a", x_max=1, y_max=0)

    canvas.bar(0.5, 1, 0, colour="#000", title="none")

    (bar,) = canvas.element.iter("rect")
    assert float(bar.attrib["height"]) == 0
