"""`corral docs PAGE`: the reference pages that come from the code."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from corral.config import reference as options

if TYPE_CHECKING:
    from corral.api.endpoint import Endpoint


def endpoints() -> str:
    """Return the page of the endpoints."""
    from corral.api import reference  # noqa: PLC0415 - the page of options does not need the whole server

    return reference.reference(_routes())


def llama_server() -> str:
    """Return the page for users of llama-server."""
    from corral.cli import llama_server_page  # noqa: PLC0415 - as above

    return llama_server_page.page(row for row in _routes() if row.tag in ("llama.cpp", "OpenAI", "Anthropic"))


def _routes() -> list[Endpoint]:
    """Return the table of routes; no model is needed to describe them."""
    from corral.api import server  # noqa: PLC0415 - as above

    return server.dialects()


PAGES = {"options": options.reference, "endpoints": endpoints, "llama-server": llama_server}


def main(argv: list[str]) -> int:
    """Print the page as Markdown."""
    match argv:
        case [name] if name in PAGES:
            sys.stdout.write(PAGES[name]())
            return 0
        case ["-h" | "--help"]:
            sys.stdout.write(f"usage: corral docs {'|'.join(PAGES)}\n")
            return 0
        case _:
            sys.stderr.write(f"error: name one page: {', '.join(PAGES)}\n")
            return 1
