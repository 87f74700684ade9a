"""The JSON that structured scenarios ask for: records as an extraction or a form would give them.

Names and numbers are the model's to choose, keys and punctuation are not. The list is longer than any
scenario reads, so that every answer has the length asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

_PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 12},
        "age": {"type": "integer", "minimum": 0, "maximum": 120},
        "email": {"type": "string", "maxLength": 16},
        "role": {"enum": ["reader", "author", "administrator"]},
        "is_active": {"type": "boolean"},
    },
    "required": ["name", "age", "email", "role", "is_active"],
}
RECORDS: Mapping[str, Any] = MappingProxyType(
    {
        "type": "object",
        "properties": {"people": {"type": "array", "items": _PERSON, "minItems": 100}},
        "required": ["people"],
    }
)
