"""A Jinja environment in which a hostile template can neither hang the server nor eat its memory.

Jinja's own sandbox keeps templates away from Python. This adds a budget for each rendering, counted in
characters and list items made; a turn of a loop and a call cost `TURN` besides. Two things make that
possible: the syntax tree is rewritten before compilation (loops count their turns, `~` and slices their
results), and operators, calls and filters are checked before they run and charged by what they return.
"""

from __future__ import annotations

import contextvars
import functools
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from typing import Any

from jinja2 import TemplateError, nodes
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

MAX_TEXT = 8 * 1024 * 1024  # characters of one value; real prompts stay far below
MAX_WORK = 128 * 1024 * 1024
MAX_SECONDS = 2.0
TURN = 128
_NODE = 32  # one part of a list or mapping that is put out
_MAX_BITS = 256  # of an integer; templates count messages

_WIDE_FIELD = re.compile(r"\d{5,}")


class TemplateBudgetError(TemplateError):
    """The template does more work, or makes more text, than any real one."""


class Budget:
    """The work that one rendering may still do."""

    def __init__(self) -> None:
        self._left = MAX_WORK
        self._deadline_s = time.monotonic() + MAX_SECONDS

    def spend(self, work: int) -> None:
        """Take `work`. Raises TemplateBudgetError when too little is left, or no time."""
        self._left -= work
        if self._left < 0 or time.monotonic() > self._deadline_s:
            raise TemplateBudgetError("the chat template does too much work")


budget: contextvars.ContextVar[Budget] = contextvars.ContextVar("corral.template_budget")


class BoundedEnvironment(ImmutableSandboxedEnvironment):
    """A sandbox whose templates are bounded in work and text. Set `budget` around each rendering."""

    intercepted_binops = frozenset(["+", "*", "**", "%"])

    def __init__(self, filters: Mapping[str, Callable[..., Any]], **options: Any) -> None:  # noqa: ANN401
        # Constant folding would run template code while compiling, outside any budget.
        super().__init__(optimized=False, finalize=shown, **options)
        self.filters.update(filters)
        self.filters.update({name: _bounded_filter(name, run) for name, run in self.filters.items()})

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree: nodes.Template = _Counting().visit(super()._parse(source, name, filename))
        return tree

    @staticmethod
    def concat(parts: Iterable[str]) -> str:
        """Join the pieces of a block or macro, within the bounds."""
        text = "".join(limited(parts))
        budget.get().spend(len(text))
        return text

    @staticmethod
    def counted(items: Any) -> Any:  # noqa: ANN401
        """Return `items` for a loop, paid for: at once when their number is known, else turn by turn."""
        if isinstance(items, Sized):
            budget.get().spend(TURN * len(items))
            return items
        return _paid_by_turn(items)

    @staticmethod
    def joined(*values: object) -> str:
        """Do what `~` does, within the bounds."""
        text = "".join(limited(map(shown, values)))
        budget.get().spend(len(text))
        return text

    @staticmethod
    def sliced(value: Any, start: Any, stop: Any, step: Any) -> Any:  # noqa: ANN401
        """Do what `value[start:stop:step]` does, within the bounds."""
        return _charged(value[start:stop:step])

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:  # noqa: ANN401
        """Run an operator unless its result would be too large."""
        _check_operands(operator, left, right)
        return _charged(super().call_binop(context, operator, left, right))

    def call(self, context: Context, obj: Any, /, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        """Call a function, macro or method unless its result would be too large."""
        budget.get().spend(TURN)
        _check_call(getattr(obj, "__name__", ""), [_owner(obj), *args, *kwargs.values()])
        return _charged(super().call(context, obj, *args, **kwargs))


def limited(parts: Iterable[str]) -> Iterator[str]:
    """Yield `parts` until they exceed MAX_TEXT together, then raise TemplateBudgetError."""
    n_chars = 0
    for part in parts:
        n_chars += len(part)
        _refuse_over(n_chars)
        yield part


def shown(value: object) -> str:
    """Return the text of a value that is put out. Raises TemplateBudgetError if it would be too long."""
    if isinstance(value, (list, tuple, dict)):
        _refuse_over(_weight(value))
    return str(value)


class _Counting(NodeTransformer):
    """Send loops, `~` and slices through the environment's own functions, which templates cannot rebind."""

    def visit_For(self, node: nodes.For) -> nodes.For:  # noqa: N802 - Jinja's naming of visitors
        self.generic_visit(node)
        node.iter = _call("counted", [node.iter])
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Expr:  # noqa: N802
        self.generic_visit(node)
        return _call("joined", node.nodes)

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Expr:  # noqa: N802
        self.generic_visit(node)
        if not isinstance(node.arg, nodes.Slice):
            return node
        bounds = [node.arg.start, node.arg.stop, node.arg.step]
        return _call("sliced", [node.node, *(bound or nodes.Const(None) for bound in bounds)])


def _call(function: str, args: Sequence[nodes.Node]) -> nodes.Call:
    return nodes.Call(nodes.EnvironmentAttribute(function), [*args], [], None, None, lineno=args[0].lineno)


def _paid_by_turn(items: Iterable[object]) -> Iterator[object]:
    for item in items:
        budget.get().spend(TURN)
        yield item


def _charged(value: Any) -> Any:  # noqa: ANN401
    """Return `value`, paid for by its size."""
    if isinstance(value, (str, bytes, list, tuple)):
        _refuse_over(len(value))
        budget.get().spend(len(value))
    return value


def _bounded_filter(name: str, run: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(run)
    def bounded(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        budget.get().spend(TURN)
        n_given = 1 if hasattr(run, "jinja_pass_arg") else 0
        values = [_listed(value) for value in args[n_given:]]
        _check_call(name, [*values, *kwargs.values()])
        return _charged(run(*args[:n_given], *values, **kwargs))

    return bounded


def _listed(value: object) -> object:
    """Return a generator's items as a list, so that their sizes are known; anything else as it is."""
    return list(_paid_by_turn(value)) if isinstance(value, Iterator) else value


def _owner(method: object) -> object:
    """Return what a method is bound to; Jinja hides `str.format` behind a wrapper."""
    return getattr(getattr(method, "__wrapped__", method), "__self__", None)


def _check_operands(operator: str, left: object, right: object) -> None:
    match operator, left, right:
        case "*", int(), int():
            _refuse_bits(left.bit_length() + right.bit_length())
        case "**", int(), int():
            _refuse_bits(left.bit_length() * abs(right))
        case "*", Sized(), int():
            _refuse_over(len(left) * right)
        case "*", int(), Sized():
            _refuse_over(len(right) * left)
        case "%", str(), _:
            _check_format(left)


def _check_call(name: str, values: Sequence[object]) -> None:
    """Refuse a call that would make too much. `values`: what it works on, then its arguments."""
    for value in values:
        if isinstance(value, int):
            _refuse_over(value)
    match name, [*values]:
        case "replace", [str(text), str(old), str(new), *_]:
            _refuse_over(len(text) + text.count(old) * len(new))
        case "expandtabs", [str(text), int(size)]:
            _refuse_over(len(text) + text.count("\t") * size)
        case "join", _:
            _refuse_over(_n_items(values) * max(map(_width, values)) + sum(map(_weight, values)))
        case "indent", [str(text), *gaps]:
            _refuse_over(len(text) + (text.count("\n") + 1) * max(map(_width, gaps), default=0))
        case "tojson" | "string" | "pprint" | "urlencode", [value, *gaps]:
            _refuse_over(_weight(value) * (1 + max(map(_width, gaps), default=0)))
        case "format" | "format_map", [str(text), *_]:
            _check_format(text)


def _check_format(text: str) -> None:
    if _WIDE_FIELD.search(text):
        raise TemplateBudgetError("the chat template formats with too wide a field")


def _weight(value: object) -> int:
    """Return about how many characters `value` shows, paying for the walk: shared parts count each time."""
    budget.get().spend(_NODE)
    match value:
        case str() | bytes():
            return len(value)
        case list() | tuple():
            return 2 + sum(map(_weight, value))
        case dict():
            return 2 + sum(map(_weight, value)) + sum(map(_weight, value.values()))
    return 1


def _n_items(values: Sequence[object]) -> int:
    return max((len(value) for value in values if isinstance(value, (list, tuple))), default=0)


def _width(value: object) -> int:
    """Return how wide a separator or indent is, given as text or as a number."""
    if isinstance(value, str):
        return len(value)
    return value if isinstance(value, int) else 0


def _refuse_over(n_chars: int) -> None:
    if n_chars > MAX_TEXT:
        raise TemplateBudgetError("the chat template makes too much text")


def _refuse_bits(n_bits: int) -> None:
    if n_bits > _MAX_BITS:
        raise TemplateBudgetError("the chat template computes with too large a number")
