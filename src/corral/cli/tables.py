"""Models as tables on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from corral.cli.words import count, duration, plain, size
from corral.core.memory import Memory
from corral.core.model_view import ModelState, ModelView

_STYLES = {
    ModelState.READY: "green",
    ModelState.REMOTE: "green",
    ModelState.DOWNLOADING: "cyan",
    ModelState.WAITING: "cyan",
    ModelState.LOADING: "cyan",
    ModelState.UNLOADING: "cyan",
    ModelState.RESTARTING: "yellow",
    ModelState.FAILED: "red",
    ModelState.QUARANTINED: "red",
    ModelState.UNUSABLE: "red",
}
# A model in one of these has a process, or is about to.
LOADED = frozenset(
    {
        ModelState.WAITING,
        ModelState.LOADING,
        ModelState.READY,
        ModelState.UNLOADING,
        ModelState.RESTARTING,
    }
)
# Wide enough for every row: what is no terminal is read by programs, which want whole lines.
_FILE_WIDTH = 2000


def console() -> Console:
    """Return the console for tables."""
    width = None if sys.stdout.isatty() else _FILE_WIDTH
    return Console(file=sys.stdout, width=width, highlight=False, markup=False)


def show(table: Table) -> None:
    """Print a table; for programs without the blanks that fill its lines up."""
    screen = console()
    if screen.is_terminal:
        screen.print(table)
        return
    with screen.capture() as captured:
        screen.print(table)
    sys.stdout.writelines(f"{line.rstrip()}\n" for line in captured.get().splitlines())


def catalogue_table(views: Iterable[ModelView]) -> Table:
    """Return the table of all models."""
    table = _table("NAME", "SIZE", "QUANT", "CONTEXT", "STATE", "NEED", right=("SIZE", "CONTEXT", "NEED"))
    for view in views:
        context = str(view.n_ctx_train) if view.n_ctx_train else ""
        name = Text(plain(view.name) + (" *" if view.is_default else ""))
        table.add_row(
            name, size(view.n_bytes), plain(view.quantization), context, _state(view), need(view.need)
        )
    return table


def loaded_table(views: Iterable[ModelView]) -> Table:
    """Return the table of the models that are in memory or on their way."""
    right = ("MEMORY", "BUSY", "PID")
    table = _table("NAME", "STATE", "MEMORY", "BUSY", "LEAVES IN", "PINNED", "PID", right=right)
    for view in views:
        memory = size(view.rss_bytes) if view.rss_bytes else need(view.need)
        pid = str(view.pid) if view.pid is not None else ""
        pinned = "yes" if view.is_pinned else ""
        table.add_row(
            Text(plain(view.name)), _state(view), memory, str(view.n_open), _leaves(view), pinned, pid
        )
    return table


def facts_table(rows: Iterable[tuple[str, str]]) -> Table:
    """Return the table of what is known of one model; what is unknown is left out."""
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows:
        if value:
            table.add_row(name, Text(plain(value)))
    return table


def facts(view: ModelView) -> list[tuple[str, str]]:
    """Return what is known of a model, in words."""
    return [
        ("name", view.name),
        ("also called", ", ".join(view.aliases)),
        ("tags", ", ".join(view.tags)),
        ("state", _state_words(view)),
        ("problem" if view.state is ModelState.UNUSABLE else "reason", view.reason),
        ("declared in", view.origin),
        ("path", view.path or ""),
        ("format", view.format),
        ("size", size(view.n_bytes)),
        ("architecture", view.architecture),
        ("quantization", view.quantization),
        ("parameters", count(view.n_params)),
        ("context", f"{view.n_ctx_train} tokens" if view.n_ctx_train else ""),
        ("chat template", "yes" if view.has_chat_template else "no"),
        ("needs", need(view.need)),
        ("takes", size(view.rss_bytes or 0)),
        ("requests", str(view.n_open) if view.state in LOADED else ""),
        ("loaded in", f"{view.load_s:.1f} s" if view.load_s is not None else ""),
        ("stays for", duration(view.ttl_s) if view.ttl_s is not None else ""),
        ("leaves in", _leaves(view)),
        ("pinned", "yes" if view.is_pinned else ""),
        ("default", "yes" if view.is_default else ""),
        ("process", str(view.pid) if view.pid is not None else ""),
    ]


def need(memory: Memory) -> str:
    """Return an amount of memory; that of devices stands after a plus sign."""
    parts = [size(memory.host_bytes)]
    if memory.device_bytes:
        parts.append(f"{size(memory.device_bytes)} GPU")
    return " + ".join(part for part in parts if part)


def _table(*columns: str, right: Sequence[str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        if column == "NAME":
            table.add_column(column, overflow="fold")
        else:
            table.add_column(column, justify="right" if column in right else "left", no_wrap=True)
    return table


def _state(view: ModelView) -> Text:
    return Text(_state_words(view), style=_STYLES.get(view.state, "dim"))


def _state_words(view: ModelView) -> str:
    if view.progress is None or view.state not in (ModelState.DOWNLOADING, ModelState.LOADING):
        return view.state.value
    return f"{view.state.value} {view.progress:.0%}"


def _leaves(view: ModelView) -> str:
    return duration(view.expires_in_s) if view.expires_in_s is not None else ""
