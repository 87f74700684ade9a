from __future__ import annotations

import datetime as dt
import html.parser

import msgspec
import pytest

from corral.bench.document import build_document
from corral.bench.errors import BenchError
from corral.bench.figure import distribution
from corral.bench.machine import describe_machine
from corral.bench.measurement import measure_run
from corral.bench.outcome import Failure, Outcome
from corral.bench.page import asked, write_page
from corral.bench.report import header, rows
from corral.bench.workload import WORKLOADS

NOW = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
VOID = {"meta"}


class Reader(html.parser.HTMLParser):
    """Keeps texts and tags, and finds elements that are not closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.cells: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag in {"td", "th"}:
            self.cells.append("")

    def handle_endtag(self, tag) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data) -> None:
        if self.open and self.open[-1] in {"td", "th"}:
            self.cells[-1] += data

    def n_of(self, tag: str, **attributes: str) -> int:
        return sum(each == tag and attributes.items() <= found.items() for each, found in self.tags)


@pytest.fixture
def document(samples):
    return build_document(samples, describe_machine(), started_at=NOW, facts={"flags": "-c 1 <&>"})


def page_of(document, folder) -> tuple[str, Reader]:
    write_page(document, folder / "out.html")
    text = (folder / "out.html").read_text(encoding="utf-8")
    reader = Reader()
    reader.feed(text)
    reader.close()
    return text, reader


def test_every_element_is_closed_and_texts_are_escaped(document, tmp_path) -> None:
    text, reader = page_of(document, tmp_path)

    assert reader.open == []
    assert text.startswith("<!DOCTYPE html>")
    assert "flags: -c 1 &lt;&amp;&gt;" in text


def test_the_page_has_every_cell_of_the_table(document, tmp_path) -> None:
    _, reader = page_of(document, tmp_path)

    (result,) = document.results
    cells = {cell for _, row in rows(result) for cell in row}
    assert cells | set(header(document)) <= set(reader.cells)


def test_every_scenario_has_its_three_figures_with_every_round(document, tmp_path) -> None:
    text, reader = page_of(document, tmp_path)

    assert reader.n_of("svg") == reader.n_of("figcaption") == 3
    assert reader.n_of("circle") == 4
    assert reader.n_of("polyline") == 2
    assert reader.n_of("rect") == 2 + 2 * 5
    assert "Corral, round 2: 120.0 tok/s" in text


def test_the_page_needs_nothing_from_anywhere(document, tmp_path) -> None:
    text, reader = page_of(document, tmp_path)

    assert not {"script", "link", "img", "iframe", "object"} & {tag for tag, _ in reader.tags}
    assert not any("src" in attributes or "href" in attributes for _, attributes in reader.tags)
    assert "url(" not in text
    assert "@import" not in text


def test_a_scenario_without_an_answer_has_no_figures(samples, tmp_path) -> None:
    run = measure_run([Outcome(0.0, 1, failure=Failure("busy", 1.0, 503))], client_cpu_s=0.0)
    refused = msgspec.structs.replace(samples[0], run=run)
    document = build_document([refused], describe_machine(), started_at=NOW, facts={})

    text, reader = page_of(document, tmp_path)

    assert reader.n_of("svg") == 0
    assert "1 of 1 requests of Corral failed" in text


def test_a_file_that_cannot_be_written_is_an_error(document, tmp_path) -> None:
    with pytest.raises(BenchError, match="Cannot write"):
        write_page(document, tmp_path / "missing" / "out.html")


def test_a_distribution_rises_at_each_value() -> None:
    assert distribution([3.0, 1.0], 4.0) == [(0, 0), (1, 0), (1, 50), (3, 50), (3, 100), (4, 100)]


def test_what_was_asked_is_told_in_a_sentence() -> None:
    (mixed,), (shared,) = WORKLOADS["W3"].scenarios, WORKLOADS["W4"].scenarios[:1]

    assert asked(mixed) == (
        "Arriving by chance: 0.5 a second for 60 s. Tokens: 32 to 1024 of prompt, 16 to 256 of answer."
    )
    (chats,) = WORKLOADS["W5"].scenarios
    assert asked(chats).startswith("Clients: 8, 12 requests each in 3 chats. Tokens: 96 of prompt")
    assert asked(shared) == "Clients: 1. Tokens: 1000 shared + 8 of prompt, 16 of answer."
