"""Options about structured output: rules that every answer keeps to, unless its request brings its own."""

from __future__ import annotations

from corral.config.option import Option
from corral.config.structure_kinds import Gbnf, Schema

ROWS = (
    Option(
        flags="--grammar",
        fills="generation.structure",
        kind=Gbnf(),
        default_text="none",
        help="The grammar that answers keep to; its root rule is `root`.",
    ),
    Option(
        flags="--grammar-file",
        fills="generation.structure",
        kind=Gbnf(),
        is_file=True,
        is_repeatable=True,
        default_text="none",
        help="A file with a grammar, appended to --grammar.",
    ),
    Option(
        flags="-j --json-schema",
        fills="generation.structure",
        kind=Schema(),
        default_text="none",
        help="The JSON schema that answers keep to, in place of a grammar; {} for any JSON.",
    ),
    Option(
        flags="-jf --json-schema-file",
        fills="generation.structure",
        kind=Schema(),
        is_file=True,
        default_text="none",
        help="A file with such a schema.",
    ),
)
