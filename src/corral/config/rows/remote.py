"""Options about a model that another server runs."""

from __future__ import annotations

from corral.config.checks import no_key, not_positive
from corral.config.kinds import Real, Text
from corral.config.model_kinds import BaseUrl
from corral.config.option import Option

_YEAR_S = 365 * 24 * 3600

ROWS = (
    Option(
        flags="--proxy-url",
        fills="remote.base_url",
        kind=BaseUrl(),
        is_own=True,
        help="Hand the requests of the model on to the OpenAI-compatible server at this base URL.",
    ),
    Option(
        flags="--proxy-key",
        fills="remote.api_key",
        kind=Text("KEY"),
        check=no_key,
        is_own=True,
        help="The key for that server. Clients never see it, and it is never logged.",
    ),
    Option(
        flags="--proxy-model",
        fills="remote.model",
        kind=Text("NAME"),
        default_text="the same",
        is_own=True,
        help="The name of the model on that server.",
    ),
    Option(
        flags="--proxy-timeout-s",
        fills="remote.timeout_s",
        kind=Real(0, _YEAR_S),
        unit="s",
        check=not_positive,
        is_own=True,
        help="How long each part of its answer may take.",
    ),
)
