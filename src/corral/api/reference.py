"""The reference page of the endpoints, from the table of routes."""

from __future__ import annotations

import msgspec

from corral.api.at_model import AtModel
from corral.api.endpoint import Endpoint

_HEAD = """\
# Endpoints

This page is written by `corral docs endpoints` from the table of routes. The same table stands behind `/docs`
on a running server, where each request can be tried. Errors have one shape everywhere:
`{"error": {"code": 400, "message": "...", "type": "invalid_request_error"}}`.

A server of many models takes the one that a request names: in its path (`/v1/engines/{engine}/...`), else as
`?model=`, else as `model` in the body; the default one if it names none. The request waits while the model is
loaded; with `?autoload=0` one that is not loaded is 400, and an unknown one is 404. `keep_alive` in the body
(seconds, or a text like `"5m"`) says how long the model is to stay afterwards: 0 not at all, below 0 for
ever.
A server of one model takes any name for it, and looks at none of this.
"""


def reference(endpoints: list[Endpoint]) -> str:
    """Return the page as Markdown; endpoints stand by tag, in the order of the table."""
    tags = dict.fromkeys(endpoint.tag for endpoint in endpoints)
    return _HEAD + "".join(_group(tag, [e for e in endpoints if e.tag == tag]) for tag in tags)


def _group(tag: str, endpoints: list[Endpoint]) -> str:
    return f"\n## {tag}\n" + "".join(map(_section, endpoints))


def _section(endpoint: Endpoint) -> str:
    first, *aliases = (f"`{path}`" for path in endpoint.paths)
    lines = [f"{endpoint.summary}.", endpoint.note]
    if aliases:
        lines.append(f"Also as {', '.join(aliases)}.")
    if isinstance(endpoint.handler, AtModel) and endpoint.handler.onward is not None:
        lines.append("Handed on where another server runs the model.")
    if endpoint.is_public:
        lines.append("Needs no key.")
    if endpoint.is_admin:
        lines.append("Needs an admin key.")
    if endpoint.body is not None:
        lines.append(f"Fields: {_fields(endpoint.body)}.")
    text = "\n".join(line for line in lines if line)
    return f"\n### {endpoint.method} {first}\n\n{text}\n"


def _fields(body: type) -> str:
    names = sorted(field.encode_name for field in msgspec.structs.fields(body))
    return ", ".join(f"`{name}`" for name in names)
