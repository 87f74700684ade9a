"""One row of the table of options."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass

from corral.config.kinds import SWITCH, Kind, Value
from corral.core.settings import Settings

_PREFIXES = ("LLAMA_ARG_", "CORRAL_")
_DEFAULTS = Settings()


@dataclass(frozen=True, eq=False, kw_only=True)
class Option:
    """What can be set, how it is spelled in each place, and which field of `Settings` it fills.

    `flags`, `off` and `env` are lists separated by blanks: the spellings on the command line, those that
    switch it off, and the environment variables, strongest first. Without `env` the variable is CORRAL_ and
    the long flag. The default is the field's own and stands in `core.settings` only.
    """

    flags: str = ""
    off: str = ""
    env: str = ""
    fills: str | None  # dotted path in Settings; None: for the parser itself, or there is only one choice
    kind: Kind = SWITCH
    help: str
    unit: str = ""
    default_text: str = ""  # the default in words, where the field's value says too little
    alone: str = ""  # the value meant when the flag stands alone; else a value must follow
    n_values: int = 1  # 2: the words FIRST SECOND mean FIRST:SECOND, which may also be written as one
    is_file: bool = False  # the value names a file, and its text is what `kind` reads
    is_repeatable: bool = False  # each use adds to a tuple instead of replacing
    check: Callable[[Value], str | None] | None = None  # why a well-formed value is refused
    remark: Callable[[str], str | None] | None = None  # what the user should know about an accepted text
    differs: str = ""  # what llama-server does otherwise, and why Corral does not
    is_own: bool = False  # llama-server has no such option

    @property
    def spellings(self) -> dict[str, bool]:
        """Every flag, and whether it switches on (or sets) rather than off."""
        return dict.fromkeys(self.flags.split(), True) | dict.fromkeys(self.off.split(), False)

    @property
    def name(self) -> str:
        """The first long flag without its dashes: the key in a configuration file."""
        return next(flag[2:] for flag in self.spellings if flag.startswith("--"))

    @property
    def variables(self) -> dict[str, bool]:
        """Every environment variable, strongest first, and whether it says on (or sets) rather than off."""
        names = self.env.split()
        if not names and self.fills is not None:
            names = ["CORRAL_" + self.name.upper().replace("-", "_")]
        found = dict.fromkeys(names, bool(self.flags))
        if self.flags and self.off:
            found |= {_negated(name): False for name in names if name.startswith(_PREFIXES)}
        return found

    @property
    def default(self) -> Value:
        """The value of the field when nobody sets it."""
        value: Value = operator.attrgetter(self.fills)(_DEFAULTS) if self.fills else None
        return value


def _negated(variable: str) -> str:
    prefix = next(prefix for prefix in _PREFIXES if variable.startswith(prefix))
    return f"{prefix}NO_{variable.removeprefix(prefix)}"
