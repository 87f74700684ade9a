"""Options about characters, which all models speak as."""

from __future__ import annotations

from corral.config.checks import no_dir
from corral.config.kinds import Text
from corral.config.option import Option

ROWS = (
    Option(
        flags="--characters-dir",
        fills="characters.dir",
        kind=Text("DIR"),
        check=no_dir,
        default_text="characters, if there is one",
        is_own=True,
        help=(
            "Serve the characters in this folder: Corral's YAML files, and character cards as JSON or PNG. "
            "New and changed ones count without a restart."
        ),
    ),
)
