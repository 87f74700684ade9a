"""`corral docs PAGE`: the reference pages that come from the code."""

from __future__ import annotations

import sys

from corral.config import reference as options


def endpoints() -> str:
    """Return the page of the endpoints; no model is needed to describe them."""
    from corral.api import reference, server  # noqa: PLC0415 - the other page does not need the whole server
    from corral.api.serving import Serving  # noqa: PLC0415
    from corral.core.settings import Settings  # noqa: PLC0415
    from corral.gateway.router import Router  # noqa: PLC0415

    return reference.reference(server.dialects(Serving(Router("", {}, max_queue=0), Settings())))


PAGES = {"options": options.reference, "endpoints": endpoints}


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
