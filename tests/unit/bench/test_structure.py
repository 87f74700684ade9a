from __future__ import annotations

import datetime as dt

import msgspec
import pytest

from corral.bench.comparison import Sample
from corral.bench.dialect import DIALECTS, Ask
from corral.bench.document import build_document
from corral.bench.machine import describe_machine
from corral.bench.report import markdown
from corral.bench.structure import RECORDS
from corral.bench.target import Target
from corral.bench.workload import WORKLOADS, Scenario

NOW = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
TEXT = Scenario("text", 1, 10, 5, headline="decode_tok_s")
JSON = Scenario("JSON", 1, 10, 5, headline="decode_tok_s", is_json=True, beside="text")


@pytest.mark.parametrize("api", DIALECTS)
def test_every_api_is_asked_for_the_schema(api) -> None:
    body = DIALECTS[api].word(Ask("Hello", 8, schema=RECORDS))

    assert msgspec.json.decode(msgspec.json.encode(body))["json_schema"] == dict(RECORDS)


def test_json_stands_beside_text_of_the_same_length_and_load() -> None:
    scenarios = {scenario.name: scenario for scenario in WORKLOADS["W7"].scenarios}
    pairs = [(each, scenarios[each.beside]) for each in scenarios.values() if each.is_json]

    assert [json.n_streams for json, _ in pairs] == [1, 8]
    for json, text in pairs:
        assert msgspec.structs.replace(json, name=text.name, is_json=False, beside="") == text


def test_report_says_how_json_stands_to_text_on_the_same_server(run_at) -> None:
    target = Target("Corral", "127.0.0.1", 1)
    samples = [Sample(TEXT, target, 0, run_at(100)), Sample(JSON, target, 0, run_at(150))]
    document = build_document(samples, describe_machine(), started_at=NOW, facts={})

    assert "JSON: decode, a stream of Corral is 1.50 of text." in markdown(document)


def test_what_was_not_measured_stands_beside_nothing(run_at) -> None:
    target = Target("Corral", "127.0.0.1", 1)
    unmeasured = msgspec.structs.replace(run_at(100), decode_tok_s=None)
    samples = [Sample(TEXT, target, 0, unmeasured), Sample(JSON, target, 0, run_at(150))]
    document = build_document(samples, describe_machine(), started_at=NOW, facts={})

    assert " of text." not in markdown(document)
