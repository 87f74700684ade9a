from __future__ import annotations

import datetime as dt
import io

import msgspec
import pytest
from rich.console import Console

from corral.bench.document import build_document
from corral.bench.machine import describe_machine
from corral.bench.plot import write_plot
from corral.bench.report import build_table, markdown

NOW = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)


@pytest.fixture
def document(samples):
    return build_document(samples, describe_machine(), started_at=NOW, facts={})


def drawn(document) -> str:
    console = Console(file=io.StringIO(), width=160)
    console.print(build_table(document))
    return console.file.getvalue()


def test_markdown_begins_with_the_headline_and_its_ratio(document) -> None:
    lines = markdown(document).splitlines()

    assert lines[0] == (
        "| scenario | metric | Corral (min-max) | llama-server (min-max) | Corral / llama-server "
        "| round by round (min-max) |"
    )
    assert lines[2] == (
        "| **W1 decode** | **decode, a stream [tok/s]** | **110.0 (100.0-120.0)** | **100.0 (100.0-100.0)** "
        "| **1.100** | **1.100 (1.000-1.200)** |"
    )


def test_latencies_are_shown_in_milliseconds(document) -> None:
    assert "| W1 decode | first token p50 [ms] | 500.0 (500.0-500.0) |" in markdown(document)


def test_the_table_shows_units_in_brackets(document) -> None:
    assert "decode, a stream [tok/s]" in drawn(document)


def test_one_target_has_no_ratio_columns(samples) -> None:
    document = build_document(samples[:1], describe_machine(), started_at=NOW, facts={})

    assert markdown(document).splitlines()[0] == "| scenario | metric | Corral (min-max) |"


def test_short_answers_are_told_below_the_table(samples) -> None:
    short = msgspec.structs.replace(samples[0], run=msgspec.structs.replace(samples[0].run, n_short=2))
    document = build_document([short], describe_machine(), started_at=NOW, facts={})

    assert "W1 decode: 2 answers of Corral were shorter than asked for." in markdown(document)


def test_failures_are_told_below_the_table_with_the_commonest_reason(samples) -> None:
    run = msgspec.structs.replace(
        samples[0].run, n_requests=9, n_failed=3, n_refused=2, failures={"busy": 2, "cut": 1}
    )
    failed = msgspec.structs.replace(samples[0], run=run)
    document = build_document([failed], describe_machine(), started_at=NOW, facts={})

    assert (
        "W1 decode: 3 of 9 requests of Corral failed, 2 of them were refused (429 or 503); most often: busy."
        in markdown(document)
    )


def test_what_servers_and_people_call_things_is_no_markup(samples) -> None:
    run = msgspec.structs.replace(samples[0].run, n_requests=9, n_failed=3, failures={"no [/INST] here": 3})
    target = msgspec.structs.replace(samples[0].target, name="[bold]A[/]")
    failed = msgspec.structs.replace(samples[0], run=run, target=target)

    text = " ".join(drawn(build_document([failed], describe_machine(), started_at=NOW, facts={})).split())

    assert "no [/INST] here" in text
    assert "[bold]A[/] (min-max)" in text


def test_a_generator_that_was_busy_itself_is_told_below_the_table(samples) -> None:
    run = msgspec.structs.replace(samples[0].run, client_cpu_share=0.8)
    busy = msgspec.structs.replace(samples[0], run=run)
    document = build_document([busy], describe_machine(), started_at=NOW, facts={})

    assert "the generator itself used 80% of a core; Corral may be faster" in markdown(document)


def test_prompts_that_were_cut_are_told_below_the_table(samples) -> None:
    cut = msgspec.structs.replace(samples[0], run=msgspec.structs.replace(samples[0].run, n_cut=2))
    document = build_document([cut], describe_machine(), started_at=NOW, facts={})

    assert "W1 decode: Corral used a part only of 2 prompts" in markdown(document)


def test_a_plot_is_written(document, tmp_path) -> None:
    pytest.importorskip("matplotlib", reason="needs the extra: pip install 'corral[bench]'")

    write_plot(document, tmp_path / "out.png")

    assert (tmp_path / "out.png").read_bytes().startswith(b"\x89PNG")
