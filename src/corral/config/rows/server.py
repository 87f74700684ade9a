"""Options about the HTTP side."""

from __future__ import annotations

from corral.config.checks import no_addresses, not_positive
from corral.config.kinds import Integer, Real, Text, Words
from corral.config.option import Option
from corral.config.server_kinds import KeyFile

_YEAR_S = 365 * 24 * 3600

ROWS = (
    Option(
        flags="--host",
        env="LLAMA_ARG_HOST",
        fills="server.host",
        kind=Text("HOST[,HOST...]"),
        check=no_addresses,
        help="The addresses to listen on; 0.0.0.0 for every network, PATH.sock for a UNIX socket.",
        differs="Port 0 works with several addresses too.",
    ),
    Option(
        flags="--port",
        env="LLAMA_ARG_PORT",
        fills="server.port",
        kind=Integer(0, 65535),
        help="The port to listen on, the same on all addresses; 0: any free one.",
    ),
    Option(
        flags="-k --api-key",
        env="LLAMA_API_KEY",
        fills="server.api_keys",
        kind=Words("KEY[,KEY...]", "text", noun="key"),
        is_repeatable=True,
        help="Ask every client for one of these keys. Those of the --config file can have quotas.",
    ),
    Option(
        flags="--api-key-file",
        env="LLAMA_ARG_API_KEY_FILE",
        fills="server.api_keys",
        kind=KeyFile(),
        is_file=True,
        is_repeatable=True,
        help="The same from a file, one key a line; empty lines and lines that start with # do not count.",
    ),
    Option(
        flags="--admin-key",
        fills="server.admin_keys",
        kind=Words("KEY[,KEY...]", "text", noun="key"),
        is_repeatable=True,
        default_text="only the one made at each start, which this user can read",
        is_own=True,
        help="Also take one of these keys under /admin, where models are loaded, unloaded and deleted.",
    ),
    Option(
        flags="--admin-key-file",
        fills="server.admin_keys",
        kind=KeyFile(),
        is_file=True,
        is_repeatable=True,
        default_text="only the one made at each start, which this user can read",
        is_own=True,
        help="The same from a file, read as --api-key-file is.",
    ),
    Option(
        flags="-to --timeout",
        env="LLAMA_ARG_TIMEOUT",
        fills="server.timeout_s",
        kind=Real(0, _YEAR_S),
        unit="s",
        check=not_positive,
        help="How long one read or write of a socket may take.",
        differs="600 s as in 2024, where the newest server has 3600.",
    ),
    Option(
        flags="--metrics",
        env="LLAMA_ARG_ENDPOINT_METRICS",
        fills="server.is_metrics",
        help="Open GET /metrics for Prometheus.",
    ),
    Option(
        flags="--slots",
        off="--no-slots",
        env="LLAMA_ARG_ENDPOINT_SLOTS",
        fills="server.is_slots",
        help="Open GET /slots, which shows what runs now.",
        differs="Off unless given, as the flag's table of 2024 has it; the newest server has it on.",
    ),
    Option(
        flags="--props",
        env="LLAMA_ARG_ENDPOINT_PROPS",
        fills="server.is_props",
        help="Open POST /props, which changes settings of the running server.",
    ),
    Option(
        flags="--ui --webui",
        off="--no-ui --no-webui",
        env="LLAMA_ARG_UI LLAMA_ARG_WEBUI",
        fills="server.is_ui",
        help="The web page at /.",
        differs="The page is Corral's own.",
    ),
    Option(
        flags="--shutdown-s",
        fills="server.shutdown_s",
        kind=Real(0, _YEAR_S),
        unit="s",
        help="How long running requests may take to end when the server stops.",
        is_own=True,
    ),
    Option(
        flags="--hang-s",
        fills="server.hang_s",
        kind=Real(0, _YEAR_S),
        unit="s",
        check=not_positive,
        help="How long one step may take before the engine counts as hung and is restarted.",
        is_own=True,
    ),
)
