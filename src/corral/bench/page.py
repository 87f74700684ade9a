"""The document as a report in HTML: one file with its figures in it, which needs nothing from anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, tostring

from corral.bench.canvas import COLOURS
from corral.bench.document import Document, ScenarioResult
from corral.bench.errors import BenchError
from corral.bench.figure import figures
from corral.bench.machine import Machine
from corral.bench.report import Row, caption, header, headline_row, rows, target_names
from corral.bench.scenario import Scenario

_STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: 1rem 0; font-size: .85rem; }
td, th { padding: .2rem .6rem; text-align: right; white-space: nowrap; border-bottom: 1px solid #8884; }
td:first-child, th:first-child, td:nth-child(2), th:nth-child(2) { text-align: left; }
tr.headline { font-weight: bold; }
.figures { display: flex; flex-wrap: wrap; gap: 1rem; }
figure { margin: 0; flex: 1 1 20rem; max-width: 24rem; }
figcaption, .asked { font-size: .85rem; opacity: .8; }
svg { width: 100%; } svg text { font-size: 11px; fill: currentColor; }
.grid { stroke: #8884; } .bar { fill-opacity: .5; } .dot { stroke: #000; stroke-width: .5; }
.curve { fill: none; stroke-width: 2; }
.mark { display: inline-block; width: .8em; height: .8em; margin: 0 .3em 0 1em; }
"""


def write_page(document: Document, path: Path) -> None:
    """Write the report.

    Raises:
        BenchError: the file cannot be written.
    """
    text = "<!DOCTYPE html>\n" + tostring(build_page(document), encoding="unicode", method="html") + "\n"
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BenchError(f"Cannot write {path}: {error.strerror}.") from error


def build_page(document: Document) -> Element:
    """Return the report's root element."""
    root = Element("html", lang="en")
    head = SubElement(root, "head")
    SubElement(head, "meta", charset="utf-8")
    SubElement(head, "meta", name="viewport", content="width=device-width, initial-scale=1")
    title = f"{' and '.join(target_names(document))}, {document.started_at}"
    SubElement(head, "title").text = title
    SubElement(head, "style").text = _STYLE
    body = SubElement(root, "body")
    SubElement(body, "h1").text = title
    _add_summary(body, document)
    for result in document.results:
        _add_scenario(body, document, result)
    _add_circumstances(body, document)
    return root


def _add_summary(body: Element, document: Document) -> None:
    """Add what each scenario is about: one row each."""
    SubElement(body, "p").text = f"Medians over {document.n_rounds} rounds."
    found = (headline_row(result) for result in document.results)
    _add_table(body, header(document), [row for row in found if row is not None], headlines=())
    if text := caption(document):
        SubElement(body, "p").text = text


def _add_scenario(body: Element, document: Document, result: ScenarioResult) -> None:
    section = SubElement(body, "section")
    SubElement(section, "h2").text = result.scenario.name
    SubElement(section, "p", {"class": "asked"}).text = asked(result.scenario)
    _add_legend(section, [target.name for target in result.targets])
    row_of_figures = SubElement(section, "div", {"class": "figures"})
    for text, drawing in figures(result):
        figure = SubElement(row_of_figures, "figure")
        figure.append(drawing)
        SubElement(figure, "figcaption").text = text
    found = list(rows(result))
    headlines = [row for metric, row in found if metric.field == result.scenario.headline]
    _add_table(section, header(document), [row for _, row in found], headlines=headlines)


def asked(scenario: Scenario) -> str:
    """Return what the clients of a scenario ask, in a sentence."""
    arrivals = scenario.arrivals
    if arrivals is None:
        repeats = "" if scenario.n_repeats == 1 else f", {scenario.n_repeats} requests each"
        chats = f" in {scenario.n_chats} chats" if scenario.n_chats else ""
        who = f"Clients: {scenario.n_streams}{repeats}{chats}"
    else:
        how = "by chance" if arrivals.is_poisson else "evenly"
        who = f"Arriving {how}: {arrivals.rate:g} a second for {arrivals.duration_s:g} s"
    shared = f"{scenario.n_shared} shared + " if scenario.n_shared else ""
    prompt = _span(scenario.prompt_from, scenario.n_prompt)
    answer = _span(scenario.predict_from, scenario.n_predict)
    return f"{who}. Tokens: {shared}{prompt} of prompt, {answer} of answer."


def _span(least: int | None, most: int) -> str:
    return str(most) if least is None else f"{least} to {most}"


def _add_legend(section: Element, names: Sequence[str]) -> None:
    legend = SubElement(section, "p")
    for name, colour in zip(names, COLOURS, strict=False):
        mark = SubElement(legend, "span", {"class": "mark", "style": f"background:{colour}"})
        mark.tail = name


def _add_table(parent: Element, names: Row, cells: Sequence[Row], *, headlines: Sequence[Row]) -> None:
    table = SubElement(parent, "table")
    _add_row(SubElement(table, "thead"), "th", names)
    body = SubElement(table, "tbody")
    for row in cells:
        _add_row(body, "td", row).set("class", "headline" if row in headlines else "other")


def _add_row(parent: Element, kind: str, cells: Row) -> Element:
    row = SubElement(parent, "tr")
    for cell in cells:
        SubElement(row, kind).text = cell
    return row


def _add_circumstances(body: Element, document: Document) -> None:
    SubElement(body, "h2").text = "Machine and settings"
    items = SubElement(body, "ul")
    for name, text in {**_machine_facts(document.machine), **document.facts}.items():
        if text:
            SubElement(items, "li").text = f"{name}: {text}"


def _machine_facts(machine: Machine) -> dict[str, str]:
    memory = f", {machine.memory_bytes / 2**30:.0f} GiB" if machine.memory_bytes else ""
    return {
        "machine": f"{machine.processor}, {machine.n_cores} cores{memory}",
        "system": f"{machine.system}, Python {machine.python}",
        "libraries": ", ".join(f"{name} {version}" for name, version in machine.libraries.items()),
    }
