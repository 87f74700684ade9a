"""GET /metrics: llama-server's names in Prometheus' text format 0.0.4."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from corral.api.servings import Servings
from corral.core.errors import NotSupportedError
from corral.gateway.metrics import MetricsSnapshot

_OFF = "This server does not support metrics endpoint. Start it with `--metrics`"

# Name, kind, help, and the field of the snapshot it shows.
_ROWS = [
    ("prompt_tokens_total", "counter", "Number of prompt tokens processed.", "n_prompt_total"),
    ("prompt_seconds_total", "counter", "Prompt process time", "prompt_s_total"),
    ("tokens_predicted_total", "counter", "Number of generation tokens processed.", "n_predicted_total"),
    ("tokens_predicted_seconds_total", "counter", "Predict process time", "predicted_s_total"),
    (
        "prompt_tokens_cached_total",
        "counter",
        "Number of prompt tokens taken from the cache.",
        "n_cached_total",
    ),
    ("n_decode_total", "counter", "Total number of llama_decode() calls", "n_decode_total"),
    ("n_busy_slots_per_decode", "gauge", "Average busy slots per llama_decode() call", "n_busy_per_decode"),
    ("prompt_tokens_seconds", "gauge", "Average prompt throughput in tokens/s.", "prompt_per_s"),
    ("predicted_tokens_seconds", "gauge", "Average generation throughput in tokens/s.", "predicted_per_s"),
    ("kv_cache_usage_ratio", "gauge", "KV-cache usage. 1 means 100 percent usage.", "cells_used_ratio"),
    ("kv_cache_tokens", "gauge", "KV-cache tokens.", "n_cells_used"),
    ("requests_processing", "gauge", "Number of requests processing.", "n_processing"),
    ("requests_deferred", "gauge", "Number of requests deferred.", "n_deferred"),
    ("n_tokens_max", "counter", "Largest observed number of tokens in a sequence.", "n_tokens_max"),
    ("spec_decode_num_drafts_total", "counter", "Number of drafts that were verified.", "n_drafts"),
    ("spec_decode_num_draft_tokens_total", "counter", "Number of drafted tokens.", "n_drafted"),
    (
        "spec_decode_num_accepted_tokens_total",
        "counter",
        "Number of drafted tokens that were accepted.",
        "n_drafted_accepted",
    ),
    (
        "prefix_cache_device_tokens_total",
        "counter",
        "Number of prompt tokens taken from KV cells.",
        "n_from_device_total",
    ),
    (
        "prefix_cache_host_tokens_total",
        "counter",
        "Number of prompt tokens taken from prefixes in main memory.",
        "n_from_host_total",
    ),
    (
        "prefix_cache_disk_tokens_total",
        "counter",
        "Number of tokens of prefixes read from disk, or from where a swap had parked them.",
        "n_from_disk_total",
    ),
    (
        "prefix_cache_kept_total",
        "counter",
        "Number of prefixes that went from KV cells to main memory.",
        "n_kept_total",
    ),
    ("prefix_cache_host_bytes", "gauge", "Main memory that holds prefixes.", "host_bytes"),
    ("prefix_cache_disk_bytes", "gauge", "Disk space, or parking place, that holds prefixes.", "disk_bytes"),
    ("prompt_tokens_deferred", "gauge", "Number of prompt tokens of requests deferred.", "n_waiting_tokens"),
    ("queue_wait_seconds", "gauge", "Estimated time to the first token of a new request.", "wait_s"),
    ("sampling_seconds_total", "counter", "Time spent on choosing tokens.", "sample_s_total"),
    ("engine_loads_total", "counter", "Number of times the model was loaded.", "n_loads"),
    ("engine_crashes_total", "counter", "Number of times the model's process ended unasked.", "n_crashes"),
    (
        "engine_restarts_total",
        "counter",
        "Number of times the model's process was started again.",
        "n_restarts",
    ),
    ("engine_resident_bytes", "gauge", "Resident memory of the model's process.", "engine_rss_bytes"),
]


async def metrics(request: Request, servings: Servings) -> Response:
    """Return the metrics; the averages run since the previous scrape. No model is loaded for them.

    Those of the model that `?model=` names, or of the only one; else those of all that are loaded, told apart
    by the label `model`.
    """
    if not servings.settings.server.is_metrics:
        raise NotSupportedError(_OFF)
    headers = {
        "content-type": "text/plain; version=0.0.4",
        "process-start-time-unix": str(servings.started_s),
    }
    name = request.query_params.get("model")
    is_one = servings.models.is_single or bool(name)
    return Response(_of_one(name, servings) if is_one else _of_all(servings), headers=headers)


def _of_one(name: str | None, servings: Servings) -> str:
    serving = servings.loaded(name)
    return "" if serving is None else to_text({"": serving.door.metrics()})


def _of_all(servings: Servings) -> str:
    found = {view.name: servings.loaded(view.name) for view in servings.declared()}
    return to_text(
        {_label(name): serving.door.metrics() for name, serving in found.items() if serving is not None}
    )


def to_text(snapshots: Mapping[str, MetricsSnapshot]) -> str:
    """Return the exposition of `snapshots`, which stand by the label of their series."""
    return "".join(
        f"# HELP llamacpp:{name} {meaning}\n# TYPE llamacpp:{name} {kind}\n"
        + "".join(
            f"llamacpp:{name}{label} {getattr(snapshot, field):.12g}\n"
            for label, snapshot in snapshots.items()
        )
        for name, kind, meaning, field in _ROWS
    )


def _label(model: str) -> str:
    escaped = model.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'{{model="{escaped}"}}'
