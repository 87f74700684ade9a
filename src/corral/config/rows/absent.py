"""Options of llama-server for what Corral does not do: the one value that asks for nothing is accepted."""

from __future__ import annotations

from corral.config.checks import only, only_off
from corral.config.kinds import Integer, Text
from corral.config.option import Option
from corral.config.refused import DRAFTS, TIERS, TOOLS

ROWS = (
    Option(
        flags="--spec-type",
        env="LLAMA_ARG_SPEC_TYPE",
        fills=None,
        kind=Text("TYPE"),
        default_text="none",
        check=only("none", DRAFTS.reason),
        help="Kinds of drafts. Corral drafts nothing yet.",
        differs="Only none: drafts are not served yet.",
    ),
    Option(
        flags="-ctxcp --ctx-checkpoints --swa-checkpoints",
        env="LLAMA_ARG_CTX_CHECKPOINTS",
        fills=None,
        kind=Integer(),
        default_text="0",
        check=only(0, TIERS.reason),
        help="Snapshots of models whose memory cannot be cut. Corral takes none yet.",
        differs="Only 0: there are no snapshots yet; such models reuse whole histories only.",
    ),
    Option(
        flags="-ag --agent",
        off="-no-ag --no-agent",
        env="LLAMA_ARG_AGENT",
        fills=None,
        default_text="off",
        check=only_off(TOOLS.reason),
        help="Tools for the web page. Corral has none.",
        differs="Only off: Corral runs no tools on the machine that serves.",
    ),
    Option(
        flags="--ui-mcp-proxy --webui-mcp-proxy",
        off="--no-ui-mcp-proxy --no-webui-mcp-proxy",
        env="LLAMA_ARG_UI_MCP_PROXY",
        fills=None,
        default_text="off",
        check=only_off(TOOLS.reason),
        help="A proxy to MCP servers for the web page. Corral has none.",
        differs="Only off: Corral runs no MCP servers.",
    ),
)
