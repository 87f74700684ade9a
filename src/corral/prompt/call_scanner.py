"""One call of a tool, a JSON object, read while it comes: its name as soon as it is known, and its arguments.

RFC 8259 gives the grammar; only the object's own level is understood, what lies deeper is passed on.
"""

from __future__ import annotations

import enum

import msgspec

ARGUMENT_KEYS = ("arguments", "parameters")


class _At(enum.Enum):
    """What comes next on the object's own level."""

    KEY = enum.auto()
    COLON = enum.auto()
    VALUE = enum.auto()
    COMMA = enum.auto()
    OVER = enum.auto()


class CallScanner:
    """Reads one object. With a `name` given, the object is the arguments of that function."""

    def __init__(self, name: str | None = None) -> None:
        self.name = name
        self.text = ""
        self.is_broken = False
        self._is_all_arguments = name is not None
        self._at = _At.KEY
        self._key = ""
        self._depth = 0
        self._pos = 0  # in `text`, the character being read
        self._start = 0  # where the present key or value begins
        self._is_string = False
        self._is_escaped = False
        # [.., _arguments_start) not arguments; [_arguments_start, _arguments_end) arguments, None: not known
        self._arguments_start: int | None = 0 if self._is_all_arguments else None
        self._arguments_end: int | None = None
        self._n_taken = 0
        self._decoded = ""  # arguments that came as a string

    @property
    def is_over(self) -> bool:
        """Whether the object is complete, or none."""
        return self.is_broken or self._at is _At.OVER

    @property
    def has_arguments(self) -> bool:
        """Whether any part of the arguments was taken."""
        return self._n_taken > 0

    def feed(self, text: str) -> str:
        """Read `text` up to the object's end; return what is behind it."""
        self.text += text
        while self._pos < len(self.text) and not self.is_over:
            self._read(self.text[self._pos])
            self._pos += 1
        rest = self.text[self._pos :]
        self.text = self.text[: self._pos]
        return rest

    def take_arguments(self) -> str:
        """Return the part of the arguments that came since the last call."""
        if self._arguments_start is None:
            decoded, self._decoded = self._decoded, ""
            self._n_taken += len(decoded)
            return decoded
        end = self._pos if self._arguments_end is None else self._arguments_end
        new = self.text[self._arguments_start + self._n_taken : end]
        self._n_taken += len(new)
        return new

    def _read(self, char: str) -> None:
        if self._is_string:
            self._read_string(char)
        elif char == '"':
            self._is_string = True
            if self._depth == 1:
                self._start = self._pos
        elif char in "{[":
            self._open(char)
        elif char in "}]":
            self._close()
        elif self._depth == 1:
            self._read_between(char)

    def _read_string(self, char: str) -> None:
        if self._is_escaped:
            self._is_escaped = False
        elif char == "\\":
            self._is_escaped = True
        elif char == '"':
            self._is_string = False
            if self._depth == 1:
                self._end_string()

    def _end_string(self) -> None:
        if self._at is _At.KEY:
            self._key = self._string()
            self._at = _At.COLON
        elif self._at is _At.VALUE:
            self._end_value()

    def _open(self, char: str) -> None:
        self._depth += 1
        if self._depth == 1:
            self.is_broken = char != "{"
        elif self._depth == 2:
            self._start = self._pos
            if self._is_argument_value():
                self._arguments_start = self._pos

    def _close(self) -> None:
        self._depth -= 1
        if self._depth == 0:
            self._at = _At.OVER
        elif self._depth == 1 and self._at is _At.VALUE:
            if self._is_argument_value():
                self._arguments_end = self._pos + 1
            self._at = _At.COMMA

    def _read_between(self, char: str) -> None:
        if char == ":" and self._at is _At.COLON:
            self._at = _At.VALUE
        elif char == "," and self._at in (_At.COMMA, _At.VALUE):
            self._at = _At.KEY
        elif not char.isspace() and self._at is not _At.VALUE:
            self.is_broken = True

    def _end_value(self) -> None:
        self._at = _At.COMMA
        if self._is_all_arguments:
            return
        if self._key == "name":
            self.name = self._string()
        elif self._key in ARGUMENT_KEYS:
            self._decoded = self._string()

    def _is_argument_value(self) -> bool:
        is_value = self._at is _At.VALUE and self._key in ARGUMENT_KEYS
        return is_value and not self._is_all_arguments

    def _string(self) -> str:
        """Return the string that ends here."""
        try:
            return msgspec.json.decode(self.text[self._start : self._pos + 1], type=str)
        except msgspec.DecodeError:
            self.is_broken = True
            return ""
