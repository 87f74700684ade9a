"""`corral docs PAGE`: the reference pages that come from the code."""

from __future__ import annotations

import sys

from corral.config.reference import reference

PAGES = {"options": reference}


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
