"""Options of llama-server for what Corral does not do: the one value that asks for nothing is accepted."""

from __future__ import annotations

from corral.config.checks import only_off
from corral.config.option import Option
from corral.config.refused import TOOLS

ROWS = (
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
