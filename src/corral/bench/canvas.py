"""An SVG picture under construction: marks at data coordinates, axes with round numbers.

Elements of the standard library's ElementTree, so that the result is well-formed and its texts are escaped.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement

# Two colours that stay apart for colour-blind eyes and in grey print (Okabe and Ito's palette).
COLOURS = ("#0072B2", "#E69F00")
_WIDTH, _HEIGHT = 360, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 12, 12, 36
_N_TICKS = 4


class Canvas:
    """One figure. x and y are in units of the data, from 0 to `x_max` and `y_max`."""

    def __init__(self, title: str, *, x_max: float, y_max: float) -> None:
        self._x_max = x_max if x_max > 0 else 1.0
        self._y_max = y_max if y_max > 0 else 1.0
        self.element = Element("svg", viewBox=f"0 0 {_WIDTH} {_HEIGHT}", role="img")
        SubElement(self.element, "title").text = title

    def y_axis(self, label: str) -> None:
        """Draw lines at round numbers of y, and say what y is."""
        for value in ticks(self._y_max):
            y = self._y(value)
            self._line(_LEFT, y, _WIDTH - _RIGHT, y, "grid")
            self._text(_LEFT - 6, y + 4, f"{value:g}", "end")
        middle = (_TOP + _HEIGHT - _BOTTOM) / 2
        self._text(13, middle, label, "middle", rotation=-90)

    def x_axis(self, label: str) -> None:
        """Write round numbers of x below the figure, and say what x is."""
        for value in ticks(self._x_max):
            self._text(self._x(value), _HEIGHT - _BOTTOM + 14, f"{value:g}", "middle")
        self._text((_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 5, label, "middle")

    def name_below(self, x: float, name: str) -> None:
        """Write a name where a number of the x axis would stand."""
        self._text(self._x(x), _HEIGHT - _BOTTOM + 16, name, "middle")

    def bar(self, x: float, width: float, y: float, *, colour: str, title: str) -> None:
        """Draw a bar from 0 to `y`, centred at `x`."""
        left, right, top = self._x(x - width / 2), self._x(x + width / 2), self._y(y)
        place = {"x": left, "y": top, "width": right - left, "height": self._y(0) - top}
        bar = SubElement(self.element, "rect", {"class": "bar", "fill": colour, **_numbers(place)})
        SubElement(bar, "title").text = title

    def dot(self, x: float, y: float, *, colour: str, title: str) -> None:
        """Draw one measured value."""
        place = _numbers({"cx": self._x(x), "cy": self._y(y), "r": 4})
        dot = SubElement(self.element, "circle", {"class": "dot", "fill": colour, **place})
        SubElement(dot, "title").text = title

    def path(self, points: Sequence[tuple[float, float]], *, colour: str) -> None:
        """Draw a line through the points."""
        shown = " ".join(f"{self._x(x):.1f},{self._y(y):.1f}" for x, y in points)
        SubElement(self.element, "polyline", {"class": "curve", "points": shown, "stroke": colour})

    def _x(self, value: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * value / self._x_max

    def _y(self, value: float) -> float:
        return _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * value / self._y_max

    def _line(self, x1: float, y1: float, x2: float, y2: float, kind: str) -> None:
        ends = _numbers({"x1": x1, "y1": y1, "x2": x2, "y2": y2})
        SubElement(self.element, "line", {"class": kind, **ends})

    def _text(self, x: float, y: float, text: str, anchor: str, *, rotation: int = 0) -> None:
        place = _numbers({"x": x, "y": y})
        turn = {"transform": f"rotate({rotation} {x:g} {y:g})"} if rotation else {}
        SubElement(self.element, "text", {"text-anchor": anchor, **place, **turn}).text = text


def ticks(high: float) -> list[float]:
    """Return round numbers from 0 to at most `high`, some four steps of 1, 2 or 5 times a power of ten."""
    raw = high / _N_TICKS
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw)
    return [round(step * count, 12) for count in range(int(high / step + 1e-9) + 1)]


def _numbers(values: dict[str, float]) -> dict[str, str]:
    return {name: f"{value:.1f}" for name, value in values.items()}
