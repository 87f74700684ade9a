"""The page for users of llama-server: flag by flag and endpoint by endpoint, what Corral does."""

from __future__ import annotations

from collections.abc import Iterable

from corral.api.endpoint import Endpoint
from corral.config.option import Option
from corral.config.options import TABLE
from corral.config.refused import REFUSALS, Refusal

_HEAD = """\
# Corral in the place of llama-server

This page is written by `corral docs llama-server` from the tables of options and routes. `corral serve` takes
llama-server's flags, variables and requests. What stands here as *works* has the meaning that llama-server's
own documentation gives it. What is *refused* ends the start, or the request, with a sentence.
"""
_FLAGS = """
## Flags and variables

| Flag | Environment | Corral | Difference, and why |
| --- | --- | --- | --- |
"""
_REFUSED = """
## Flags that are refused

Their variables are `LLAMA_ARG_` and the long flag's name, and are refused alike.

| Flags | Why, and what to do |
| --- | --- |
"""
_ENDPOINTS = """
## Endpoints

For all of them: a body that cannot be read, a field of a wrong type and whatever else is the client's mistake
are 400 and name the field, where llama-server answers 500 or takes the default; 500 is left for faults of the
server. All that can be checked is checked before a stream is opened. An error in the midst of a stream is one
event with an `error:` line, which clients of 2024 read, and a `data:` line, which newer ones do. A client
that leaves ends its request, streamed or not.

| Endpoint | Corral | Difference, and why |
| --- | --- | --- |
"""


def page(endpoints: Iterable[Endpoint]) -> str:
    """Return the page as Markdown."""
    options = [option for group in TABLE.values() for option in group if not option.is_own]
    refused = [refusal for refusal in REFUSALS if refusal.flags or refusal.families]
    return "".join(
        [
            _HEAD,
            _FLAGS,
            *map(_option_row, options),
            _REFUSED,
            *map(_refusal_row, refused),
            _ENDPOINTS,
            *map(_endpoint_row, endpoints),
        ]
    )


def _option_row(option: Option) -> str:
    return _row(_codes(option.spellings), _codes(option.variables), _verdict(option.differs), option.differs)


def _refusal_row(refusal: Refusal) -> str:
    families = [f"{family}*" for family in refusal.families]
    return _row(_codes([*refusal.flags.split(), *families]), refusal.reason)


def _endpoint_row(endpoint: Endpoint) -> str:
    paths = f"{endpoint.method} {_codes(endpoint.paths)}"
    verdict = _verdict(endpoint.differs) if endpoint.is_served else "refused"
    return _row(paths, verdict, endpoint.differs)


def _verdict(difference: str) -> str:
    return "differs" if difference else "works"


def _codes(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"
