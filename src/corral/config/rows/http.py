"""Options about HTTP itself: encryption, files, other origins, threads."""

from __future__ import annotations

from corral.config.kinds import Integer, Text
from corral.config.option import Option
from corral.config.server_kinds import HeaderText, PathPrefix, SecondsOrNever

_MAX_THREADS = 1024

ROWS = (
    Option(
        flags="--ssl-key-file",
        env="LLAMA_ARG_SSL_KEY_FILE",
        fills="server.tls_key_file",
        kind=Text("FNAME"),
        help="The private key for https, in PEM. Without --ssl-cert-file the server speaks plain http.",
    ),
    Option(
        flags="--ssl-cert-file",
        env="LLAMA_ARG_SSL_CERT_FILE",
        fills="server.tls_cert_file",
        kind=Text("FNAME"),
        help="The certificate for https, in PEM, with those that vouch for it. Needs --ssl-key-file.",
    ),
    Option(
        flags="--path",
        env="LLAMA_ARG_STATIC_PATH",
        fills="server.static_dir",
        kind=Text("PATH"),
        help="A folder whose files everybody may read. They come before Corral's own pages.",
        differs="Also served with --no-ui, and Corral's own pages stay behind it, as in October 2024.",
    ),
    Option(
        flags="--api-prefix",
        env="LLAMA_ARG_API_PREFIX",
        fills="server.prefix",
        kind=PathPrefix(),
        default_text="none",
        help="The path under which everything stands, such as /llm.",
        differs="What lies outside of it is 404 also while the model is loading.",
    ),
    Option(
        flags="--cors-origins",
        env="LLAMA_ARG_CORS_ORIGINS",
        fills="server.cors.origins",
        kind=HeaderText("ORIGIN[,ORIGIN...]"),
        help="Whose pages may use this server: origins, * for all, localhost for those of this machine.",
        differs=(
            "Of a list the member that asks is echoed; the whole list, which llama-server sends, is "
            "refused by browsers."
        ),
    ),
    Option(
        flags="--cors-methods",
        env="LLAMA_ARG_CORS_METHODS",
        fills="server.cors.methods",
        kind=HeaderText("METHODS"),
        help="The methods that pages of other origins may use.",
        differs="`PUT` is among them, for `/put/text`.",
    ),
    Option(
        flags="--cors-headers",
        env="LLAMA_ARG_CORS_HEADERS",
        fills="server.cors.headers",
        kind=HeaderText("HEADERS"),
        help="The headers that pages of other origins may send.",
    ),
    Option(
        flags="--cors-credentials",
        off="--no-cors-credentials",
        env="LLAMA_ARG_CORS_CREDENTIALS",
        fills="server.cors.has_credentials",
        help="Pages of other origins may send credentials; with --cors-origins * the origin is then echoed.",
    ),
    Option(
        flags="--reuse-port",
        env="LLAMA_ARG_REUSE_PORT",
        fills="server.is_port_shared",
        help="Let other servers listen on the same port; the system spreads connections over them.",
    ),
    Option(
        flags="--sse-ping-interval",
        env="LLAMA_ARG_SSE_PING_INTERVAL",
        fills="server.sse_ping_s",
        kind=SecondsOrNever(),
        unit="s",
        help="How long a stream may be silent before a comment is sent; -1: as long as it is.",
    ),
    Option(
        flags="--threads-http",
        env="LLAMA_ARG_THREADS_HTTP",
        fills="server.n_threads",
        kind=Integer(highest=_MAX_THREADS, none=range(-(2**31), 1)),
        default_text="the slots and 2, or the cores but one if they are more",
        help=(
            "How many threads read files, render long chats and look at pictures, beside the one that serves "
            "all connections. Below 1: the default."
        ),
        differs="Connections are served by one thread; this counts those for files, large chats and images.",
    ),
)
