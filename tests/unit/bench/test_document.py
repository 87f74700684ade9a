from __future__ import annotations

import datetime as dt
import json

import msgspec
import pytest

from corral.bench.document import Document, build_document, write_document
from corral.bench.errors import BenchError
from corral.bench.machine import describe_machine

NOW = dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)


@pytest.fixture
def document(samples):
    return build_document(samples, describe_machine(), started_at=NOW, facts={"commit": "abc"})


def test_runs_stand_in_the_order_of_the_rounds(document) -> None:
    (result,) = document.results

    assert [target.name for target in result.targets] == ["Corral", "llama-server"]
    assert [round(run.decode_tok_s or 0) for run in result.targets[0].runs] == [100, 120]
    assert document.n_rounds == 2


def test_ratios_are_first_to_second(document) -> None:
    ratio = document.results[0].ratios["decode_tok_s"]

    assert ratio.of_medians == pytest.approx(1.1)
    assert (ratio.pairwise.low, ratio.pairwise.high) == pytest.approx((1.0, 1.2))


def test_one_target_has_no_ratios(samples) -> None:
    alone = [sample for sample in samples if sample.target.name == "Corral"]

    document = build_document(alone, describe_machine(), started_at=NOW, facts={})

    assert document.results[0].ratios == {}


def test_the_file_reads_back_as_it_was_written(document, tmp_path) -> None:
    write_document(document, tmp_path / "out.json")

    text = (tmp_path / "out.json").read_text()
    assert msgspec.json.decode(text, type=Document) == document
    plain = json.loads(text)
    assert plain["started_at"] == "2026-01-02T03:04:05+00:00"
    assert plain["results"][0]["scenario"]["n_predict"] == 5


def test_a_file_that_cannot_be_written_is_an_error(document, tmp_path) -> None:
    with pytest.raises(BenchError, match="Cannot write"):
        write_document(document, tmp_path / "missing" / "out.json")
