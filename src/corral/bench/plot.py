"""The document as a picture: for each scenario, the headline of every round and its median.

The only importer of matplotlib, which comes with the extra `bench`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from corral.bench.canvas import COLOURS
from corral.bench.errors import BenchError
from corral.bench.metric import METRICS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from corral.bench.document import Document, ScenarioResult

_COLUMN_INCHES = 2.6
_HEIGHT_INCHES = 3.6


def write_plot(document: Document, path: Path) -> None:
    """Write the picture; the file's ending chooses the format.

    Raises:
        BenchError: matplotlib is not installed, or the file cannot be written.
    """
    figure = _new_figure(len(document.results))
    for index, result in enumerate(document.results):
        _draw(figure.add_subplot(1, len(document.results), index + 1), result)
    try:
        figure.savefig(path, dpi=120)
    except (OSError, ValueError) as error:
        raise BenchError(f"Cannot write {path}: {error}.") from error


def _new_figure(n_columns: int) -> Figure:
    try:
        # Imported here: it takes half a second, and only a plot needs it.
        from matplotlib.figure import Figure  # noqa: PLC0415
    except ImportError as error:
        raise BenchError("--plot needs matplotlib: pip install 'corral[bench]'.") from error
    return Figure(figsize=(_COLUMN_INCHES * max(n_columns, 2), _HEIGHT_INCHES), layout="constrained")


def _draw(axes: Axes, result: ScenarioResult) -> None:
    metric = METRICS[result.scenario.headline]
    for place, (target, colour) in enumerate(zip(result.targets, COLOURS, strict=False)):
        values = [value * metric.scale for value in metric.values(target.runs)]
        if not values:
            continue
        median = target.summary[metric.field].median * metric.scale
        axes.bar(place, median, color=colour, alpha=0.45, width=0.7)
        axes.scatter(
            [place] * len(values), values, color=colour, edgecolors="black", linewidths=0.5, zorder=3
        )
    axes.set_xticks(range(len(result.targets)), [target.name for target in result.targets])
    axes.set_title(_title(result), fontsize=9)
    axes.set_ylabel(f"{metric.label} [{metric.unit}]", fontsize=8)
    axes.tick_params(labelsize=8)
    axes.set_ylim(bottom=0)


def _title(result: ScenarioResult) -> str:
    ratio = result.ratios.get(result.scenario.headline)
    return result.scenario.name if ratio is None else f"{result.scenario.name}\nratio {ratio.of_medians:.3f}"
