"""The figures of a scenario: its headline round by round, its first tokens, its gaps."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element

from corral.bench.canvas import COLOURS, Canvas
from corral.bench.document import ScenarioResult, TargetRuns
from corral.bench.metric import METRICS, Metric
from corral.bench.report import number

# So that the highest mark does not touch the frame.
_ROOM = 1.08
_GAPS = ("gap_p50_s", "gap_p90_s", "gap_p95_s", "gap_p99_s", "gap_max_s")


def figures(result: ScenarioResult) -> Iterator[tuple[str, Element]]:
    """Yield each figure of a scenario with its caption; one for which nothing was measured is left out."""
    metric = METRICS[result.scenario.headline]
    if any(metric.field in target.summary for target in result.targets):
        yield f"{metric.label}, every round and the median", _rounds(result, metric)
    if any(_first_tokens_ms(target) for target in result.targets):
        yield "share of answers whose first token came within", _first_tokens(result)
    if any(field in target.summary for target in result.targets for field in _GAPS):
        yield "gaps between tokens, medians over the rounds", _gaps(result)


def _rounds(result: ScenarioResult, metric: Metric) -> Element:
    values = [[value * metric.scale for value in metric.values(target.runs)] for target in result.targets]
    high = max(value for own in values for value in own) * _ROOM
    canvas = Canvas(f"{result.scenario.name}: {metric.label}", x_max=len(values), y_max=high)
    canvas.y_axis(metric.unit)
    for place, (target, own) in enumerate(zip(result.targets, values, strict=True)):
        canvas.name_below(place + 0.5, target.name)
        if own:
            _column(canvas, place, own, metric, name=target.name)
    return canvas.element


def _column(canvas: Canvas, place: int, values: Sequence[float], metric: Metric, *, name: str) -> None:
    x, colour, middle = place + 0.5, COLOURS[place], statistics.median(values)
    canvas.bar(x, 0.6, middle, colour=colour, title=f"{name}, median: {number(middle)} {metric.unit}")
    for round_, value in enumerate(values, start=1):
        title = f"{name}, round {round_}: {number(value)} {metric.unit}"
        canvas.dot(x - 0.15 + 0.3 * round_ / (len(values) + 1), value, colour=colour, title=title)


def _first_tokens(result: ScenarioResult) -> Element:
    times_ms = [_first_tokens_ms(target) for target in result.targets]
    high = max(time for own in times_ms for time in own) * _ROOM
    canvas = Canvas(f"{result.scenario.name}: time to first token", x_max=high, y_max=100)
    canvas.y_axis("% of answers")
    canvas.x_axis("ms")
    for own, colour in zip(times_ms, COLOURS, strict=False):
        canvas.path(distribution(own, high), colour=colour)
    return canvas.element


def distribution(values: Sequence[float], high: float) -> list[tuple[float, float]]:
    """Return the corners of steps from (0, 0) to `high` that rise at each value, in percent of all."""
    points = [(0.0, 0.0)]
    for rank, value in enumerate(sorted(values), start=1):
        points += [(value, points[-1][1]), (value, 100 * rank / len(values))]
    return [*points, (high, points[-1][1])]


def _first_tokens_ms(target: TargetRuns) -> list[float]:
    return [request.ttft_s * 1000 for run in target.runs for request in run.requests]


def _gaps(result: ScenarioResult) -> Element:
    n_targets = len(result.targets)
    heights = [
        [target.summary[field].median * 1000 if field in target.summary else 0.0 for field in _GAPS]
        for target in result.targets
    ]
    high = max(height for own in heights for height in own) * _ROOM
    canvas = Canvas(f"{result.scenario.name}: gaps between tokens", x_max=len(_GAPS), y_max=high)
    canvas.y_axis("ms")
    for place, field in enumerate(_GAPS):
        label = METRICS[field].label
        canvas.name_below(place + 0.5, label.removeprefix("gap "))
        for index, target in enumerate(result.targets):
            height, width = heights[index][place], 0.8 / n_targets
            title = f"{target.name}, {label}: {number(height)} ms"
            x = place + 0.1 + (index + 0.5) * width
            canvas.bar(x, width * 0.9, height, colour=COLOURS[index], title=title)
    return canvas.element
