"""The document as a table, for the terminal and for Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.table import Table
from rich.text import Text

from corral.bench.document import Document, ScenarioResult, TargetRuns
from corral.bench.measurement import commonest_failure
from corral.bench.metric import METRICS, Metric
from corral.bench.summary import Ratio, Spread

Row = tuple[str, ...]

# With more of a core than this the generator may be what is measured.
_BUSY_SHARE = 0.5


def header(document: Document) -> Row:
    """Return the names of the columns; two targets are followed by their ratios."""
    names = target_names(document)
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
            cells = [spread_cell(spread, metric) for spread in spreads]
            ratios = _ratio_cells(result.ratios.get(field)) if len(spreads) == 2 else ()
            yield metric, (result.scenario.name, f"{metric.label} [{metric.unit}]", *cells, *ratios)


def headline_row(result: ScenarioResult) -> Row | None:
    """Return the row of what the scenario is about; None if no target has it."""
    for metric, row in rows(result):
        return row if metric.field == result.scenario.headline else None
    return None


def build_table(document: Document) -> Table:
    """Return the table for a terminal: headlines bright, the rest dim."""
    # rich reads square brackets in a str as markup, and servers send what they like
    table = Table(title="medians over the rounds", caption=Text(caption(document), style="table.caption"))
    for index, name in enumerate(header(document)):
        table.add_column(Text(name), justify="left" if index < 2 else "right", no_wrap=index < 2)
    for result in document.results:
        for metric, row in rows(result):
            is_headline = metric.field == result.scenario.headline
            table.add_row(*map(Text, row), style="bold" if is_headline else "dim")
        table.add_section()
    return table


def markdown(document: Document) -> str:
    """Return the same table in Markdown, headlines bold."""
    lines = [_markdown_row(header(document)), _markdown_row(["---"] * len(header(document)))]
    for result in document.results:
        for metric, row in rows(result):
            is_headline = metric.field == result.scenario.headline
            lines.append(_markdown_row([f"**{cell}**" if is_headline and cell else cell for cell in row]))
    text = caption(document)
    return "\n".join([*lines, "", text] if text else lines) + "\n"


def _markdown_row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def target_names(document: Document) -> list[str]:
    """Return the targets in the order of the columns."""
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


def caption(document: Document) -> str:
    """Return how scenarios stand beside each other, and what makes a comparison unfair, in sentences."""
    return " ".join([*_contrasts(document), *_warnings(document)])


def _warnings(document: Document) -> Iterator[str]:
    for result in document.results:
        for target in result.targets:
            yield from _warnings_of(result.scenario.name, target)


def _warnings_of(scenario: str, target: TargetRuns) -> Iterator[str]:
    """Yield what the figures of one target do not show: answers too short, requests without one."""
    if n_short := sum(run.n_short for run in target.runs):
        yield f"{scenario}: {n_short} answers of {target.name} were shorter than asked for."
    if (share := max(run.client_cpu_share for run in target.runs)) > _BUSY_SHARE:
        yield f"{scenario}: the generator itself used {share:.0%} of a core; {target.name} may be faster."
    if n_cut := sum(run.n_cut for run in target.runs):
        yield f"{scenario}: {target.name} used a part only of {n_cut} prompts; its context is too small."
    if n_failed := sum(run.n_failed for run in target.runs):
        n_requests = sum(run.n_requests for run in target.runs)
        n_refused = sum(run.n_refused for run in target.runs)
        yield (
            f"{scenario}: {n_failed} of {n_requests} requests of {target.name} failed, {n_refused} of them "
            f"were refused (429 or 503); most often: {commonest_failure(target.runs)}."
        )


def spread_cell(spread: Spread | None, metric: Metric) -> str:
    """Return the median and the ends as they are shown; empty for None."""
    if spread is None:
        return ""
    middle, low, high = (number(value * metric.scale) for value in (spread.median, spread.low, spread.high))
    return f"{middle} ({low}-{high})"


def _ratio_cells(ratio: Ratio | None) -> Row:
    if ratio is None:
        return ("", "")
    spread = ratio.pairwise
    return (f"{ratio.of_medians:.3f}", f"{spread.median:.3f} ({spread.low:.3f}-{spread.high:.3f})")


def number(value: float) -> str:
    """Return three digits at least, and no more decimals than that takes."""
    n_decimals = 0 if abs(value) >= 1000 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{n_decimals}f}"
