"""What Prometheus reads."""

from __future__ import annotations

import re

import pytest
from prometheus_client.parser import text_string_to_metric_families

NAMES = [
    "prompt_tokens_total",
    "prompt_seconds_total",
    "tokens_predicted_total",
    "tokens_predicted_seconds_total",
    "n_decode_total",
    "n_busy_slots_per_decode",
    "prompt_tokens_seconds",
    "predicted_tokens_seconds",
    "kv_cache_usage_ratio",
    "kv_cache_tokens",
    "requests_processing",
    "requests_deferred",
    "prompt_tokens_cached_total",
    "n_tokens_max",
    "spec_decode_num_drafts_total",
    "spec_decode_num_draft_tokens_total",
    "spec_decode_num_accepted_tokens_total",
]


def scrape(server):
    reply = server.get("/metrics")
    assert reply.status_code == 200
    return reply, dict(re.findall(r"^llamacpp:(\w+) (\S+)$", reply.text, re.MULTILINE))


@pytest.mark.parametrize("name", NAMES)
def test_every_metric_has_help_a_type_and_a_number(server, name):
    reply, found = scrape(server)

    assert f"# HELP llamacpp:{name} " in reply.text
    assert re.search(rf"^# TYPE llamacpp:{name} (counter|gauge)$", reply.text, re.MULTILINE)
    assert float(found[name]) == float(found[name])


def test_the_start_of_the_process_is_a_header(server):
    reply, _ = scrape(server)

    assert int(reply.headers["process-start-time-unix"]) > 0


def test_the_counters_count_a_completion(server):
    _, before = scrape(server)

    answer = server.complete("Once upon a time", n_predict=8, ignore_eos=True)

    _, after = scrape(server)
    grown = {name: float(after[name]) - float(before[name]) for name in after}
    assert grown["tokens_predicted_total"] == 8
    assert grown["prompt_tokens_total"] == answer["timings"]["prompt_n"]
    assert grown["n_decode_total"] >= 8


def test_prometheus_own_parser_reads_them(server):
    answer = server.complete("Once upon a time", n_predict=8, ignore_eos=True)

    families = {family.name: family for family in text_string_to_metric_families(server.get("/metrics").text)}

    assert families["llamacpp:kv_cache_usage_ratio"].samples
    assert families["llamacpp:tokens_predicted"].samples[0].value >= answer["tokens_predicted"]
