"""The document as a table, for the terminal and for Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.table import Table

from corral.bench.document import Document, ScenarioResult
from corral.bench.metric import METRICS, Metric
from corral.bench.summary import Ratio, Spread

Row = tuple[str, ...]


def header(document: Document) -> Row:
    """Return the names of the columns; two targets are followed by their ratios."""
    names = _target_names(document)
    columns = ("scenario", "metric", *(f"{name} (min-max)" for name in names))
    if len(names) != 2:
        return columns
    ratio_name = f"{names[0]} / {names[1]}"
    return (*columns, ratio_name, "round by round (min-max)")


def rows(result: ScenarioResult) -> Iterator[tuple[Metric, Row]]:
    """Yield the rows of one scenario, the headline first; a metric that no target has is left out."""
    fields = [result.scenario.headline, *(field for field in METRICS if field != result.scenario.headline)]
    for field in fields:
        metric = METRICS[field]
        spreads = [target.summary.get(field) for target in result.targets]
        if any(spread is not None for spread in spreads):
            cells = [_spread_cell(spread, metric) for spread in spreads]
            ratios = _ratio_cells(result.ratios.get(field)) if len(spreads) == 2 else ()
            yield metric, (result.scenario.name, f"{metric.label} [{metric.unit}]", *cells, *ratios)


def build_table(document: Document) -> Table:
    """Return the table for a terminal: headlines bright, the rest dim."""
    table = Table(title="medians over the rounds", caption=_caption(document))
    for index, name in enumerate(header(document)):
        table.add_column(name, justify="left" if index < 2 else "right", no_wrap=index < 2)
    for result in document.results:
        for metric, row in rows(result):
            is_headline = metric.field == result.scenario.headline
            # rich reads square brackets as markup
            escaped = [cell.replace("[", r"\[") for cell in row]
            table.add_row(*escaped, style="bold" if is_headline else "dim")
        table.add_section()
    return table


def markdown(document: Document) -> str:
    """Return the same table in Markdown, headlines bold."""
    lines = [_markdown_row(header(document)), _markdown_row(["---"] * len(header(document)))]
    for result in document.results:
        for metric, row in rows(result):
            is_headline = metric.field == result.scenario.headline
            lines.append(_markdown_row([f"**{cell}**" if is_headline and cell else cell for cell in row]))
    caption = _caption(document)
    return "\n".join([*lines, "", caption] if caption else lines) + "\n"


def _markdown_row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _target_names(document: Document) -> list[str]:
    names = [target.name for result in document.results for target in result.targets]
    return list(dict.fromkeys(names))


def _contrasts(document: Document) -> Iterator[str]:
    """Yield a sentence for each target of each scenario that stands beside another of the same run."""
    results = {result.scenario.name: result for result in document.results}
    for result in document.results:
        other = results.get(result.scenario.beside)
        for target, reference in zip(result.targets, other.targets if other else (), strict=False):
            metric = METRICS[result.scenario.headline]
            ours, theirs = target.summary.get(metric.field), reference.summary.get(metric.field)
            if ours is not None and theirs is not None and theirs.median:
                yield (
                    f"{result.scenario.name}: {metric.label} of {target.name} is "
                    f"{ours.median / theirs.median:.2f} of {result.scenario.beside}."
                )


def _caption(document: Document) -> str:
    """Return how scenarios stand beside each other, and what makes a comparison unfair, in sentences."""
    return " ".join([*_contrasts(document), *_warnings(document)])


def _warnings(document: Document) -> Iterator[str]:
    yield from (
        f"{result.scenario.name}: {n_short} answers of {target.name} were shorter than asked for."
        for result in document.results
        for target in result.targets
        if (n_short := sum(run.n_short for run in target.runs))
    )


def _spread_cell(spread: Spread | None, metric: Metric) -> str:
    if spread is None:
        return ""
    middle, low, high = (_number(value * metric.scale) for value in (spread.median, spread.low, spread.high))
    return f"{middle} ({low}-{high})"


def _ratio_cells(ratio: Ratio | None) -> Row:
    if ratio is None:
        return ("", "")
    spread = ratio.pairwise
    return (f"{ratio.of_medians:.3f}", f"{spread.median:.3f} ({spread.low:.3f}-{spread.high:.3f})")


def _number(value: float) -> str:
    """Return three digits at least, and no more decimals than that takes."""
    n_decimals = 0 if abs(value) >= 1000 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{n_decimals}f}"
