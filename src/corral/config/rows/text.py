"""Options about the prompt and the stop strings of requests that bring none."""

from __future__ import annotations

from pathlib import Path

from corral.config.chat_kinds import Stop, TextFile
from corral.config.kinds import Text
from corral.config.option import Option
from corral.config.text_kinds import Verbatim


def _size(path: str) -> str | None:
    """Return what llama.cpp says of a binary file."""
    file = Path(path)
    return f"Read {file.stat().st_size} bytes from binary file {path}" if file.is_file() else None


def _port(text: str) -> str | None:
    """Tell users of llama-api, whose -p is the port."""
    is_port = text.isascii() and text.isdecimal() and int(text[:6]) < 65536
    return f"{text} is taken as the prompt; a port is set with --port" if is_port else None


ROWS = (
    Option(
        flags="-p --prompt",
        fills="generation.prompt",
        kind=Text("PROMPT"),
        remark=_port,
        help="The prompt of requests to /completion that bring none.",
    ),
    Option(
        flags="-f --file",
        fills="generation.prompt",
        kind=TextFile(),
        is_file=True,
        is_repeatable=True,
        help="The same from a file, less its last line break; added to what was given before.",
    ),
    Option(
        flags="-bf --binary-file",
        fills="generation.prompt",
        kind=Verbatim(),
        is_file=True,
        remark=_size,
        differs="The file must hold UTF-8: a prompt is text here, and any bytes may be sent as token ids.",
        help="The same from a file as it is, to its last byte.",
    ),
    Option(
        flags="-e --escape",
        off="--no-escape",
        fills="generation.has_escapes",
        help="Read C's escapes, like \\n, in these texts, in stop strings and in DRY breakers.",
    ),
    Option(
        flags="-r --reverse-prompt",
        fills="generation.stop",
        kind=Stop(),
        is_repeatable=True,
        help="A stop string for requests that bring none.",
    ),
)
