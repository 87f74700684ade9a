"""How many patterns a text must match at once.

llguidance's work doubles with each, and none of its limits bounds that: 20 take 2 s, 30 do not end.
"""

from __future__ import annotations

import re

MAX_JOINED = 10
REFUSAL = f"it joins too much: at most {MAX_JOINED} patterns may bind one text"

_QUOTED = re.compile(r'"(?:\\.|[^"\\\n])*"|/(?:\\.|[^/\\\n])+/')
_BINDING = frozenset({"pattern", "format", "$ref"})


def in_lark(text: str) -> int:
    """Return how many `&` stand between the strings and patterns of a Lark grammar."""
    return _QUOTED.sub("", text).count("&")


def in_json(value: object) -> int:
    """Return the most patterns that one `allOf` in a JSON schema joins; a reference counts for one."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    most = max(map(in_json, parts), default=0)
    return max(most, _joined(value)) if isinstance(value, dict) and "allOf" in value else most


def _joined(schema: object) -> int:
    if not isinstance(schema, dict):
        return 0
    members = schema.get("allOf")
    n_own = sum(isinstance(schema.get(key), str) for key in _BINDING)
    return n_own + sum(map(_joined, members if isinstance(members, list) else ()))
